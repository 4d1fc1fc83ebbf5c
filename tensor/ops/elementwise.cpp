#include "tensor/ops/elementwise.h"

#include "tensor/autograd/node.h"
#include "tensor/ops/checks.h"

namespace octet {
namespace {

bool is_tail(const Shape& shape, const Shape& tail) {
  for (int d = 1; d <= tail.rank(); ++d) {
    if (d > shape.rank() || shape[-d] != tail[-d]) {
      return false;
    }
  }
  return true;
}

// Sums the leading dimensions of `grad` away, down to `shape`.
Tensor sum_leading(const Tensor& grad, const Shape& shape) {
  Tensor sum = empty_like(grad, shape);
  const std::int64_t columns = shape.elements();
  kernels(grad.device())
      .sum_rows({grad.elements() / std::max<std::int64_t>(columns, 1), columns, grad.data<float>(), sum.data<float>()});
  return sum;
}

Tensor product(const Tensor& a, const Tensor& b) {
  Tensor y = empty_like(a, a.shape());
  kernels(a.device()).mul({a.elements(), a.data<float>(), b.data<float>(), y.data<float>()});
  return y;
}

}  // namespace

Tensor add(const Tensor& a, const Tensor& b) {
  check_float("add", a);
  check_float("add", b);
  check(is_tail(a.shape(), b.shape()),
        "[add] expected equal shapes or the second as the tail of the first, got {} and {}", a.shape(), b.shape());
  check_same_device("add", a, b);
  const Tensor x = dense("add", a), more = dense("add", b);
  Tensor y = empty_like(a, a.shape());
  const bool same = a.shape() == b.shape();
  if (same) {
    kernels(a.device()).add({x.elements(), x.data<float>(), more.data<float>(), y.data<float>()});
  } else if (x.elements() > 0) {
    const std::int64_t columns = b.elements();
    kernels(a.device())
        .add_row({x.elements() / columns, columns, x.data<float>(), more.data<float>(), y.data<float>()});
  }
  return record("add", {a, b}, y, [same, shape = b.shape()](const Tensor& dy) {
    // forward: y = a + b; so da = dy and db = dy, summed over what b was repeated along.
    return std::vector<Tensor>{dy, same ? dy : sum_leading(dense("add", dy), shape)};
  });
}

Tensor mul(const Tensor& a, const Tensor& b) {
  check_same_shape("mul", a, b);
  check_same_device("mul", a, b);
  const Tensor x = dense("mul", a), z = dense("mul", b);
  return record("mul", {a, b}, product(x, z), [x, z](const Tensor& dy) {
    // forward: y = a * b; so da = dy * b and db = dy * a.
    const Tensor grad = dense("mul", dy);
    return std::vector<Tensor>{product(grad, z), product(grad, x)};
  });
}

Tensor scale(const Tensor& x, float factor) {
  const Tensor in = dense("scale", x);
  Tensor y = empty_like(x, x.shape());
  kernels(x.device()).axpby({in.elements(), factor, 0.0F, in.data<float>(), y.data<float>()});
  // forward: y = factor * x; so dx = factor * dy.
  return record("scale", {x}, y, [factor](const Tensor& dy) { return std::vector<Tensor>{scale(dy, factor)}; });
}

}  // namespace octet
