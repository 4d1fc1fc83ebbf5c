#include "tensor/cuda/language/device.h"
#include "tensor/cuda/runtime/tables.h"

namespace octet::cuda {
namespace {

constexpr int kThreads = 256;

/// A block for each row; neighbouring threads write neighbouring columns.
__global__ void pad_rows_kernel(PadRowsArgs args) {
  const CodeLayout& layout = args.layout;
  const float* x = args.x + std::int64_t{blockIdx.x} * layout.columns;
  float* padded = args.padded + std::int64_t{blockIdx.x} * layout.stride;
  for (std::int64_t k = threadIdx.x; k < layout.stride; k += kThreads) {
    const std::int64_t group = k / layout.group_stride, within = k % layout.group_stride;
    const std::int64_t column = group * layout.group + within;
    padded[k] = within < layout.group && column < layout.columns ? x[column] : 0.0F;
  }
}

}  // namespace

void pad_rows(const PadRowsArgs& args) {
  if (args.rows > 0) {
    launch("pad_rows", pad_rows_kernel, {dim3(static_cast<unsigned>(args.rows)), dim3(kThreads)}, args);
  }
}

}  // namespace octet::cuda
