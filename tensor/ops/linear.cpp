#include "tensor/ops/linear.h"

#include <algorithm>

#include "base/parallel.h"
#include "tensor/autograd/node.h"
#include "tensor/ops/checks.h"

namespace octet {
namespace {

/// Operands of one layer: x (rows, K), W (N, K), dy (rows, N), contiguous.
struct Operands {
  const Tensor& x;
  const Tensor& weight;
  const Tensor& dy;
  std::int64_t rows = rows_of(x), n = weight.dim(0), k = weight.dim(1);
};

// Rows [first, first + count) of dx (rows, K) = dy (rows, N) W (N, K).
void input_gradient(const Operands& of, std::int64_t first, std::int64_t count, const Tensor& dx) {
  kernels(of.x.device())
      .gemm({.m = count,
             .n = of.k,
             .k = of.n,
             .a = of.dy.data<float>() + first * of.n,
             .lda = of.n,
             .b = of.weight.data<float>(),
             .ldb = of.k,
             .c = dx.data<float>() + first * of.k,
             .ldc = of.k});
}

// dW (N, K) = dy^T (N, rows) x (rows, K) + beta dW, of rows [first, first + count).
void weight_gradient(const Operands& of, std::int64_t first, std::int64_t count, float* dw, float beta) {
  kernels(of.x.device())
      .gemm({.transpose_a = true,
             .m = of.n,
             .n = of.k,
             .k = count,
             .a = of.dy.data<float>() + first * of.n,
             .lda = of.n,
             .b = of.x.data<float>() + first * of.k,
             .ldb = of.k,
             .c = dw,
             .ldc = of.k,
             .beta = beta});
}

// Both gradients read dy. Where dW is small enough to stay in the second-level cache of a core, each thread takes a
// share of the rows and works on both while a block of dy is at hand; its own dW is added to those of the others in
// order. A GPU has no such threads and runs whole products.
constexpr std::int64_t kBlockRows = 128;
constexpr std::int64_t kSmallWeight = 256 << 10;

bool pays_to_share_blocks(const Operands& of) {
  return of.x.device() == DeviceKind::cpu && of.n * of.k <= kSmallWeight && of.rows >= 4 * kBlockRows * thread_count();
}

void gradients_by_blocks(const Operands& of, const Tensor& dx, const Tensor& dw) {
  const std::int64_t shares = thread_count(), weights = of.n * of.k;
  const Tensor others = Tensor::empty({shares - 1, of.n, of.k});
  const auto of_share = [&](std::int64_t i) {
    return i == 0 ? dw.data<float>() : others.data<float>() + (i - 1) * weights;
  };
  parallel_for(shares, 1, [&](std::int64_t share, std::int64_t) {
    const std::int64_t begin = of.rows * share / shares, end = of.rows * (share + 1) / shares;
    for (std::int64_t first = begin; first < end; first += kBlockRows) {
      const std::int64_t count = std::min(kBlockRows, end - first);
      input_gradient(of, first, count, dx);
      weight_gradient(of, first, count, of_share(share), first == begin ? 0.0F : 1.0F);
    }
  });
  for (std::int64_t share = 1; share < shares; ++share) {
    kernels(of.x.device()).axpby({weights, 1.0F, 1.0F, of_share(share), dw.data<float>()});
  }
}

/// dx (undefined where it is not needed) and dW.
std::vector<Tensor> gradients(const Operands& of, bool needs_dx) {
  const Tensor dx = needs_dx ? empty_like(of.x, of.x.shape()) : Tensor();
  const Tensor dw = empty_like(of.weight, of.weight.shape());
  if (needs_dx && pays_to_share_blocks(of)) {
    gradients_by_blocks(of, dx, dw);
    return {dx, dw};
  }
  if (needs_dx) {
    input_gradient(of, 0, of.rows, dx);
  }
  weight_gradient(of, 0, of.rows, dw.data<float>(), 0.0F);
  return {dx, dw};
}

Tensor bias_gradient(const Tensor& dy) {
  Tensor db = empty_like(dy, {dy.dim(-1)});
  kernels(dy.device()).sum_rows({rows_of(dy), dy.dim(-1), dy.data<float>(), db.data<float>()});
  return db;
}

}  // namespace

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  check_float("linear", x, 1);
  check_float("linear", weight);
  check(weight.rank() == 2 && weight.dim(1) == x.dim(-1),
        "[linear] expected a weight of shape (N, {}) for an input of shape {}, got {}", x.dim(-1), x.shape(),
        weight.shape());
  check_same_device("linear", x, weight);
  check_same_device("linear", x, bias);
  const std::int64_t n = weight.dim(0), k = weight.dim(1), rows = rows_of(x);
  const Tensor in = dense("linear", x), w = dense("linear", weight);
  Tensor y = empty_like(x, x.shape().with_last(n));
  const KernelTable& table = kernels(x.device());
  if (bias.defined()) {
    check_vector("linear", "a bias", bias, n);
  }
  const bool adds_bias = bias.defined() && x.device() == DeviceKind::cuda;
  table.gemm({.transpose_b = true,
              .m = rows,
              .n = n,
              .k = k,
              .a = in.data<float>(),
              .lda = k,
              .b = w.data<float>(),
              .ldb = k,
              .c = y.data<float>(),
              .ldc = n,
              .bias = adds_bias ? bias.data<float>() : nullptr});
  if (bias.defined() && !adds_bias) {
    table.add_row({rows, n, y.data<float>(), bias.data<float>(), y.data<float>()});
  }
  return record("linear", {x, weight, bias}, y,
                [in, w, needs_dx = x.requires_grad(), has_bias = bias.defined()](const Tensor& grad) {
                  const Tensor dy = dense("linear", grad);
                  std::vector<Tensor> grads = gradients({in, w, dy}, needs_dx);
                  grads.push_back(has_bias ? bias_gradient(dy) : Tensor());
                  return grads;
                });
}

}  // namespace octet
