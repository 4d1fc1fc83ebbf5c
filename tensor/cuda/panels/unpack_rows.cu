#include "tensor/cuda/language/unpack.h"
#include "tensor/cuda/runtime/tables.h"

// Rows of a quantized table of token vectors, and columns of a weight that meet outliers.

namespace octet::cuda {
namespace {

constexpr int kThreads = 128;

/// A block for each row; threads take eight codes each in turn.
__global__ void unpack_rows_kernel(UnpackRowsArgs args) {
  const CodeLayout& layout = args.w.layout;
  float* y = args.y + std::int64_t{blockIdx.x} * layout.columns;
  for (std::int64_t k = std::int64_t{threadIdx.x} * kCodeStep; k < layout.stride; k += kThreads * kCodeStep) {
    float values[kCodeStep] = {};
    unpack_eight(args.w, args.ids[blockIdx.x], k, values);
    const std::int64_t group = group_of(layout, k), within = k - layout.begin(group);
    const std::int64_t first = group * layout.group, rest = layout.columns - first;
    const std::int64_t columns = layout.group < rest ? layout.group : rest;
    for (int i = 0; i < kCodeStep && within + i < columns; ++i) {
      y[first + within + i] = values[i];
    }
  }
}

/// A thread for each weight: row blockIdx.x of y is a column of W.
__global__ void unpack_columns_kernel(UnpackColumnsArgs args) {
  const std::int64_t n = std::int64_t{blockIdx.y} * kThreads + threadIdx.x;
  if (n >= args.w.n) {
    return;
  }
  const CodeLayout& layout = args.w.layout;
  const std::int64_t k = args.ks[blockIdx.x], group = k / layout.group;
  const std::int64_t place = layout.begin(group) + k % layout.group;
  float values[kCodeStep];
  unpack_eight(args.w, n, place / kCodeStep * kCodeStep, values);
  float wanted = 0.0F;
  for (int i = 0; i < kCodeStep; ++i) {  // values[place % kCodeStep] would not be registers
    wanted = place % kCodeStep == i ? values[i] : wanted;
  }
  args.y[std::int64_t{blockIdx.x} * args.w.n + n] = wanted;
}

}  // namespace

void unpack_columns(const UnpackColumnsArgs& args) {
  const auto blocks = static_cast<unsigned>((args.w.n + kThreads - 1) / kThreads);
  launch("unpack_columns", unpack_columns_kernel, {{static_cast<unsigned>(args.count), blocks}, kThreads}, args);
}

void unpack_rows(const UnpackRowsArgs& args) {
  launch("unpack_rows", unpack_rows_kernel, {static_cast<unsigned>(args.rows), kThreads}, args);
}

}  // namespace octet::cuda
