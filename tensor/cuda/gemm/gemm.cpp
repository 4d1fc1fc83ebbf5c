#include "base/error.h"
#include "tensor/cuda/gemm/products.h"
#include "tensor/cuda/runtime/runtime.h"
#include "tensor/cuda/runtime/switches.h"
#include "tensor/cuda/runtime/tables.h"

namespace octet::cuda {
namespace {

/// C = beta C, where there is nothing to add.
void without_products(const GemmArgs& args) {
  const bool adds = args.bias != nullptr || args.residual != nullptr;
  if (args.beta == 1.0F && !adds) {
    return;
  }
  check(args.beta == 0.0F && !adds, "[gemm] expected beta 0 or 1, no bias and no residual where K is 0, got {}",
        args.beta);
  for (std::int64_t index = 0; index < args.batch; ++index) {
    for (std::int64_t row = 0; row < args.m; ++row) {
      set_zero(args.c + index * args.stride_c + row * args.ldc, static_cast<std::size_t>(args.n) * sizeof(float));
    }
  }
}

/// dw, and db with it where the library has an algorithm for both at once. Whether db is still to be summed.
bool weight_gradient(const LinearBackwardArgs& args) {
  const GemmArgs dw = {.transpose_a = true,
                       .m = args.n,
                       .n = args.k,
                       .k = args.rows,
                       .a = args.dy,
                       .lda = args.n,
                       .b = args.x,
                       .ldb = args.k,
                       .c = args.dw,
                       .ldc = args.k};
  if (args.db != nullptr && switches().joint_bias && args.rows > 0 && args.n > 0 && args.k > 0) {
    LtProduct both = column_major(dw);  // whose B is dy
    both.sums_of_b = args.db;
    if (can_multiply(both)) {
      multiply(both);
      return false;
    }
  }
  gemm(dw);
  return args.db != nullptr;
}

}  // namespace

void gemm(const GemmArgs& args) {
  if (args.m == 0 || args.n == 0 || args.batch == 0) {
    return;
  }
  args.k == 0 ? without_products(args) : multiply(column_major(args));
}

void linear_backward(const LinearBackwardArgs& args) {
  if (args.dx != nullptr) {
    gemm({.m = args.rows,
          .n = args.k,
          .k = args.n,
          .a = args.dy,
          .lda = args.n,
          .b = args.weight,
          .ldb = args.k,
          .c = args.dx,
          .ldc = args.k});
  }
  const bool sums_db = args.dw != nullptr ? weight_gradient(args) : args.db != nullptr;
  if (sums_db) {
    sum_rows({.rows = args.rows, .columns = args.n, .x = args.dy, .y = args.db});
  }
}

}  // namespace octet::cuda
