#include "tensor/cuda/gemm/products.h"
#include "tensor/cuda/language/device.h"
#include "tensor/cuda/panels/dequantize.h"
#include "tensor/cuda/panels/int_formats.h"
#include "tensor/cuda/panels/panels.h"
#include "tensor/cuda/runtime/runtime.h"
#include "tensor/cuda/runtime/tables.h"

// Products of int8 activations. int32 sums are those of every other backend.

namespace octet::cuda {
namespace {

constexpr int kThreads = 256;

/// y (M, N) = the first N columns of the sums.
__global__ void keep_columns(Task<CodeRows> task, const std::int32_t* sums, std::int64_t columns) {
  const std::int64_t m = blockIdx.x, n = std::int64_t{blockIdx.y} * kThreads + threadIdx.x;
  if (n < task.w.n) {
    static_cast<std::int32_t*>(task.y)[m * task.w.n + n] = sums[m * columns + n];
  }
}

/// The sums (M, columns of the panels) of a weight in rows by cuBLASLt, in the workspace. Null, and nothing done, where
/// rows are few, or the library does not multiply int8 on this chip.
const std::int32_t* sums_by_library(const Task<CodeRows>& task) {
  const PackedCodes& w = task.w;
  if (has_few_rows(task)) {
    return nullptr;
  }
  const std::int64_t columns = panels_of(w) * kPanelColumns;
  auto* sums = workspace_of<std::int32_t>(task.x.rows * columns);
  LtProduct product =
      int8_product(task.x.rows, columns, w.layout.stride, task.x.codes, w.row_codes, w.layout.stride, sums);
  product.lda = w.layout.row_stride();
  if (!can_multiply(product)) {
    return nullptr;
  }
  multiply(product);
  return sums;
}

}  // namespace

void int8_product(const IntProductArgs& args) {
  const Task<CodeRows> task = task_of(args);
  if (args.w.row_codes == nullptr) {
    panel_product<Int8Codes>("int8_product", task);
  } else if (const std::int32_t* sums = sums_by_library(task)) {
    const dim3 blocks(static_cast<unsigned>(args.x.rows), blocks_for(args.w.n, kThreads));
    launch("int8_product", keep_columns, {blocks, kThreads}, task, sums, panels_of(args.w) * kPanelColumns);
  } else {
    panel_product<Int8RowCodes>("int8_product", task);
  }
}

void int8_linear(const IntLinearArgs& args) {
  const Task<CodeRows> task = task_of(args);
  if (args.w.row_codes == nullptr) {
    panel_linear<Int8Codes>("int8_linear", task);
  } else if (const std::int32_t* sums = sums_by_library(task)) {
    dequantize(args, sums, panels_of(args.w) * kPanelColumns);
  } else {
    panel_linear<Int8RowCodes>("int8_linear", task);
  }
}

void int4_product(const IntProductArgs& args) {
  panel_product<Int4Codes>("int4_product", task_of(args));
}

void int4_linear(const IntLinearArgs& args) {
  panel_linear<Int4Codes>("int4_linear", task_of(args));
}

void table4_product(const IntProductArgs& args) {
  panel_product<Table4Codes>("table4_product", task_of(args));
}

void table4_linear(const IntLinearArgs& args) {
  panel_linear<Table4Codes>("table4_linear", task_of(args));
}

}  // namespace octet::cuda
