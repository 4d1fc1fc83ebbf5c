#include "tensor/ops/linear.h"

#include "tensor/autograd/node.h"
#include "tensor/ops/activation.h"
#include "tensor/ops/checks.h"

namespace octet {
namespace {

/// The inputs of a layer that need a gradient.
struct Wanted {
  bool x, weight, bias;
};

/// forward: y = x W^T + b; so dx = dy W, dW = dy^T x, db = the sum of the rows of dy. Each is undefined where it is not
/// wanted. x (rows, K), W (N, K) and dy (rows, N) are contiguous.
std::vector<Tensor> gradients(const Tensor& x, const Tensor& weight, const Tensor& dy, const Wanted& wanted) {
  const Tensor dx = wanted.x ? empty_like(x, x.shape()) : Tensor();
  const Tensor dw = wanted.weight ? empty_like(weight, weight.shape()) : Tensor();
  const Tensor db = wanted.bias ? empty_like(dy, {dy.dim(-1)}) : Tensor();
  const auto values = [](const Tensor& tensor) { return tensor.defined() ? tensor.data<float>() : nullptr; };
  kernels(x.device())
      .linear_backward({.rows = rows_of(x),
                        .n = weight.dim(0),
                        .k = weight.dim(1),
                        .x = x.data<float>(),
                        .weight = weight.data<float>(),
                        .dy = dy.data<float>(),
                        .dx = values(dx),
                        .dw = values(dw),
                        .db = values(db)});
  return {dx, dw, db};
}

}  // namespace

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& residual) {
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
  if (bias.defined()) {
    check_vector("linear", "a bias", bias, n);
  }
  const Tensor addend = residual_of("linear", residual, y);
  kernels(x.device())
      .gemm({.transpose_b = true,
             .m = rows,
             .n = n,
             .k = k,
             .a = in.data<float>(),
             .lda = k,
             .b = w.data<float>(),
             .ldb = k,
             .c = y.data<float>(),
             .ldc = n,
             .bias = bias.defined() ? bias.data<float>() : nullptr,
             .residual = addend.defined() ? addend.data<float>() : nullptr});
  const Wanted wanted = {x.requires_grad(), weight.requires_grad(), bias.defined() && bias.requires_grad()};
  return record("linear", {x, weight, bias, residual}, y, [in, w, wanted](const Tensor& dy) {
    std::vector<Tensor> result = gradients(in, w, dense("linear", dy), wanted);
    result.push_back(dy);
    return result;
  });
}

}  // namespace octet
