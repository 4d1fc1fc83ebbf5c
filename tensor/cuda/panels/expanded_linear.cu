#include "tensor/cuda/language/unpack.h"
#include "tensor/cuda/panels/expanded_linear.h"
#include "tensor/cuda/rows/map.h"
#include "tensor/cuda/runtime/runtime.h"
#include "tensor/cuda/runtime/switches.h"
#include "tensor/cuda/runtime/tables.h"
#include "tensor/kernels/formulas.h"

// With many rows the arithmetic is what takes time, and the library's FP32 and TF32 products are faster than panels can
// be. Writing the weight out costs 4 bytes a weight written and 4 read, once for all rows.

namespace octet::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kStepsOfBlock = kThreads / static_cast<int>(kPanelColumns);

/// rows (count, stride) = the rows of w from `first` on, padding included. Neighbouring threads have neighbouring rows
/// of a panel, which lie side by side in w. Blocks: (steps of 8 codes, panels).
__global__ void expand_kernel(PackedCodes w, std::int64_t first, std::int64_t count, float* rows) {
  const std::int64_t row = std::int64_t{blockIdx.y} * kPanelColumns + threadIdx.x % kPanelColumns;
  const std::int64_t k = (std::int64_t{blockIdx.x} * kStepsOfBlock + threadIdx.x / kPanelColumns) * kCodeStep;
  if (row >= count || k >= w.layout.stride) {
    return;
  }
  float values[kCodeStep];
  unpack_eight(w, first + row, k, values);
  auto* out = reinterpret_cast<float4*>(rows + row * w.layout.stride + k);
  out[0] = make_float4(values[0], values[1], values[2], values[3]);
  out[1] = make_float4(values[4], values[5], values[6], values[7]);
}

/// y = f(y), of `count` elements.
void apply_to(const char* name, std::int64_t count, Nonlinearity f, const float* gate, float* y) {
  const float* from = y;
  switch (f) {
    case Nonlinearity::gelu:
      return map(
          name, count, [] __device__(float x, float& result) { result = gelu_of(x); }, from, y);
    case Nonlinearity::silu:
      return map(
          name, count, [] __device__(float x, float& result) { result = silu_of(x); }, from, y);
    case Nonlinearity::swiglu:
      return map(
          name, count, [] __device__(float g, float x, float& result) { result = x * silu_of(g); }, gate, from, y);
    case Nonlinearity::none:
      break;
  }
}

}  // namespace

bool expanded_linear(const char* name, const WeightLinearArgs& args, std::int64_t part_floats) {
  if (args.x.rows <= switches().expand_rows) {
    return false;
  }
  always_expanded_linear(name, args, part_floats);
  return true;
}

void always_expanded_linear(const char* name, const WeightLinearArgs& args, std::int64_t part_floats) {
  const PackedCodes& w = args.w;
  const std::int64_t stride = w.layout.stride;
  const std::int64_t most = part_floats / stride / kPanelColumns * kPanelColumns;
  const std::int64_t part = most < kPanelColumns ? kPanelColumns : most < w.n ? most : w.n;
  auto* rows = workspace_of<float>(part * stride);
  const bool product_adds = args.residual != nullptr && args.f == Nonlinearity::none;
  for (std::int64_t first = 0; first < w.n; first += part) {
    const std::int64_t count = first + part < w.n ? part : w.n - first;
    const dim3 blocks(blocks_for(stride / kCodeStep, kStepsOfBlock), blocks_for(count, kPanelColumns));
    launch(name, expand_kernel, {blocks, kThreads}, w, first, count, rows);
    gemm({.transpose_b = true,
          .m = args.x.rows,
          .n = count,
          .k = stride,
          .a = args.x.x,
          .lda = stride,
          .b = rows,
          .ldb = stride,
          .c = args.y + first,
          .ldc = w.n,
          .bias = args.bias == nullptr ? nullptr : args.bias + first,
          .residual = product_adds ? args.residual + first : nullptr});
  }
  apply_to(name, args.x.rows * w.n, args.f, args.gate, args.y);
  if (args.residual != nullptr && !product_adds) {
    add({args.x.rows * w.n, args.y, args.residual, args.y});
  }
}

}  // namespace octet::cuda
