#include "base/error.h"
#include "tensor/cuda/products.h"
#include "tensor/cuda/runtime.h"
#include "tensor/cuda/tables.h"

namespace octet::cuda {
namespace {

/// C = beta C, where there is nothing to add.
void without_products(const GemmArgs& args) {
  if (args.beta == 1.0F) {
    return;
  }
  check(args.beta == 0.0F, "[gemm] expected beta 0 or 1 where K is 0, got {}", args.beta);
  for (std::int64_t index = 0; index < args.batch; ++index) {
    for (std::int64_t row = 0; row < args.m; ++row) {
      set_zero(args.c + index * args.stride_c + row * args.ldc, static_cast<std::size_t>(args.n) * sizeof(float));
    }
  }
}

}  // namespace

void gemm(const GemmArgs& args) {
  if (args.m == 0 || args.n == 0 || args.batch == 0) {
    return;
  }
  args.k == 0 ? without_products(args) : multiply(column_major(args));
}

}  // namespace octet::cuda
