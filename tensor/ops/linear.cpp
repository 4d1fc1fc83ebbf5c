#include "tensor/ops/linear.h"

#include "tensor/autograd/node.h"
#include "tensor/ops/checks.h"

namespace octet {
namespace {

// dx (rows, K) = dy (rows, N) W (N, K)
Tensor input_gradient(const Tensor& dy, const Tensor& weight, const Shape& shape) {
  Tensor dx = Tensor::empty(shape);
  const std::int64_t rows = rows_of(dx), n = weight.dim(0), k = weight.dim(1);
  kernels(dy.device())
      .gemm({.m = rows,
             .n = k,
             .k = n,
             .a = dy.data<float>(),
             .lda = n,
             .b = weight.data<float>(),
             .ldb = k,
             .c = dx.data<float>(),
             .ldc = k});
  return dx;
}

// dW (N, K) = dy^T (N, rows) x (rows, K)
Tensor weight_gradient(const Tensor& dy, const Tensor& x, const Shape& shape) {
  Tensor dw = Tensor::empty(shape);
  const std::int64_t rows = rows_of(x), n = shape[0], k = shape[1];
  kernels(dy.device())
      .gemm({.transpose_a = true,
             .m = n,
             .n = k,
             .k = rows,
             .a = dy.data<float>(),
             .lda = n,
             .b = x.data<float>(),
             .ldb = k,
             .c = dw.data<float>(),
             .ldc = k});
  return dw;
}

Tensor bias_gradient(const Tensor& dy) {
  Tensor db = Tensor::empty({dy.dim(-1)});
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
  const std::int64_t n = weight.dim(0), k = weight.dim(1), rows = rows_of(x);
  const Tensor in = dense("linear", x), w = dense("linear", weight);
  Tensor y = Tensor::empty(x.shape().with_last(n));
  const KernelTable& table = kernels(x.device());
  table.gemm({.transpose_b = true,
              .m = rows,
              .n = n,
              .k = k,
              .a = in.data<float>(),
              .lda = k,
              .b = w.data<float>(),
              .ldb = k,
              .c = y.data<float>(),
              .ldc = n});
  if (bias.defined()) {
    check_vector("linear", "a bias", bias, n);
    table.add_row({rows, n, y.data<float>(), bias.data<float>(), y.data<float>()});
  }
  std::vector<Tensor> inputs = {x, weight};
  if (bias.defined()) {
    inputs.push_back(bias);
  }
  return record("linear", inputs, y,
                [in, w, needs_dx = x.requires_grad(), has_bias = bias.defined()](const Tensor& grad) {
                  const Tensor dy = dense("linear", grad);
                  std::vector<Tensor> grads = {needs_dx ? input_gradient(dy, w, in.shape()) : Tensor(),
                                               weight_gradient(dy, in, w.shape())};
                  if (has_bias) {
                    grads.push_back(bias_gradient(dy));
                  }
                  return grads;
                });
}

}  // namespace octet
