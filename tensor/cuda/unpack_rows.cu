#include "tensor/cuda/tables.h"
#include "tensor/cuda/unpack.h"

// Rows of a quantized table of token vectors.

namespace octet::cuda {
namespace {

constexpr int kThreads = 128;

/// A block for each row; threads take eight codes each in turn.
__global__ void unpack_rows_kernel(UnpackRowsArgs args) {
  const CodeLayout& layout = args.w.layout;
  float* y = args.y + std::int64_t{blockIdx.x} * layout.columns;
  for (std::int64_t k = std::int64_t{threadIdx.x} * kCodeStep; k < layout.stride; k += kThreads * kCodeStep) {
    float values[kCodeStep];
    unpack_eight(args.w, args.ids[blockIdx.x], k, values);
    const std::int64_t group = group_of(layout, k), within = k - layout.begin(group);
    const std::int64_t first = group * layout.group, rest = layout.columns - first;
    const std::int64_t columns = layout.group < rest ? layout.group : rest;
    for (int i = 0; i < kCodeStep && within + i < columns; ++i) {
      y[first + within + i] = values[i];
    }
  }
}

}  // namespace

void unpack_rows(const UnpackRowsArgs& args) {
  launch("unpack_rows", unpack_rows_kernel, {static_cast<unsigned>(args.rows), kThreads}, args);
}

}  // namespace octet::cuda
