#include "tensor/ops/softmax.h"

#include "tensor/autograd/node.h"
#include "tensor/ops/checks.h"

namespace octet {

Tensor softmax(const Tensor& x) {
  check_float("softmax", x, 1);
  const Tensor in = dense("softmax", x);
  check(x.dim(-1) > 0, "[softmax] expected at least one column, got shape {}", x.shape());
  Tensor y = empty_like(x, x.shape());
  kernels(x.device()).softmax({rows_of(x), x.dim(-1), in.data<float>(), y.data<float>()});
  return record("softmax", {x}, y, [y = y.detach()](const Tensor& grad) {
    // forward: y = exp(x) / sum(exp(x)); so dx = y * (dy - sum(dy * y)).
    const Tensor dy = dense("softmax", grad);
    Tensor dx = empty_like(y, y.shape());
    kernels(y.device()).softmax_backward({rows_of(y), y.dim(-1), y.data<float>(), dy.data<float>(), dx.data<float>()});
    return std::vector<Tensor>{dx};
  });
}

}  // namespace octet
