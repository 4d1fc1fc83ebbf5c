#include "tensor/cuda/language/pack.h"
#include "tensor/cuda/panels/few_rows_of_codes.h"
#include "tensor/cuda/panels/int_formats.h"
#include "tensor/cuda/rows/quantize_row.h"
#include "tensor/cuda/runtime/check_layout.h"
#include "tensor/cuda/runtime/switches.h"
#include "tensor/cuda/runtime/tables.h"

// One row of FP32, quantized and multiplied by one kernel. Every block makes the codes of the whole row for itself, in
// shared memory, while its part of the weight is on its way: to read the row once more costs less than to start a
// kernel that makes them once.

namespace octet::cuda {
namespace {

/// What quantize_row writes, in shared memory: the codes, the corrections of the groups and the scale.
__device__ QuantizeRowsArgs in_shared_memory(QuantizeRowsArgs args) {
  auto* const memory = dynamic_shared<std::int8_t>();
  args.codes = memory;
  args.corrections = reinterpret_cast<std::int32_t*>(memory + args.layout.stride);
  args.scales = reinterpret_cast<float*>(args.corrections + args.layout.groups);
  return args;
}
std::size_t shared_bytes(const CodeLayout& layout) {
  return static_cast<std::size_t>(layout.stride) + static_cast<std::size_t>(layout.groups + 1) * sizeof(float);
}

template <typename Format, ScaleOf kScaleOf, bool kFours>
__global__ void __launch_bounds__(kFewThreads, kFewBlocks)
    quantizing_linear_kernel(Task<CodeRows> task, QuantizeRowsArgs given) {
  wait_for_rows<Format>(task.w, true);
  const QuantizeRowsArgs codes = in_shared_memory(given);
  quantize_row<kFewThreads, kFours>(codes, 0, largest_bits<kFewThreads, kFours>(codes.x, codes.layout.columns));
  __syncthreads();
  task.x = {1, codes.codes, codes.scales, codes.corrections};
  if constexpr (kInRows<Format>) {
    multiply_rows_of_codes<Format, 1, false>(task);
  } else {
    multiply_panel<Format, 1, kScaleOf>(task);
  }
}

template <typename Format, ScaleOf kScaleOf>
void start(const char* name, const QuantizingLinearArgs& args) {
  const Task<CodeRows> task = task_of(args.linear);
  const CodeLayout& layout = args.codes.layout;
  const bool fours = in_fours(layout.columns, args.codes.x) && groups_in_fours(layout);
  Grid grid = few_rows_grid<1>(task);
  grid.shared_bytes = shared_bytes(layout);
  launch_early(
      name,
      fours ? quantizing_linear_kernel<Format, kScaleOf, true> : quantizing_linear_kernel<Format, kScaleOf, false>,
      grid, task, args.codes);
}

template <typename Format>
void start_in_groups(const char* name, const QuantizingLinearArgs& args) {
  if (args.linear.w.layout.groups > 1) {
    start<Format, ScaleOf::group>(name, args);
  } else {
    start<Format, ScaleOf::row>(name, args);
  }
}

/// Every chip grants 48 KiB unasked, of which a product takes less than one. Rows of models are shorter.
constexpr std::size_t kMostShared = 40 * 1024;

}  // namespace

bool quantizing_linear(const QuantizingLinearArgs& args) {
  const PackedCodes& w = args.linear.w;
  if (args.codes.rows != 1 || !switches().quantize_in_product || shared_bytes(w.layout) > kMostShared) {
    return false;
  }
  check_layout("quantizing_linear", w.layout);
  if (w.row_codes != nullptr) {
    start<Int8RowCodes, ScaleOf::row>("int8_linear", args);
  } else if (w.format == PackedFormat::int8) {
    start_in_groups<Int8Codes>("int8_linear", args);
  } else if (w.format == PackedFormat::int4) {
    start_in_groups<Int4Codes>("int4_linear", args);
  } else {
    start_in_groups<Table4Codes>("table4_linear", args);
  }
  return true;
}

}  // namespace octet::cuda
