#include "tensor/ops/reduce.h"

#include "tensor/autograd/node.h"
#include "tensor/ops/checks.h"

namespace octet {
namespace {

double total(const float* values, std::int64_t count) {
  double sum = 0.0;
  for (std::int64_t i = 0; i < count; ++i) {
    sum += static_cast<double>(values[i]);
  }
  return sum;
}

Tensor scaled_sum(const char* name, const Tensor& x, double factor) {
  const Tensor in = dense(name, x).to(DeviceKind::cpu);
  const Tensor y = Tensor::full({}, static_cast<float>(total(in.data<float>(), in.elements()) * factor));
  return record(name, {x}, y, [shape = x.shape(), device = x.device(), factor](const Tensor& dy) {
    return std::vector<Tensor>{Tensor::full(shape, static_cast<float>(dy.item() * factor), device)};
  });
}

}  // namespace

Tensor sum(const Tensor& x) {
  return scaled_sum("sum", x, 1.0);
}

Tensor mean(const Tensor& x) {
  check(x.elements() > 0, "[mean] expected at least one element, got shape {}", x.shape());
  return scaled_sum("mean", x, 1.0 / static_cast<double>(x.elements()));
}

Tensor sum_last(const Tensor& x) {
  check_float("sum_last", x, 1);
  const Tensor in = dense("sum_last", x).to(DeviceKind::cpu);
  const std::int64_t rows = rows_of(x), columns = x.dim(-1);
  Tensor y = Tensor::empty(Shape(x.shape().sizes().first(static_cast<std::size_t>(x.rank() - 1))));
  for (std::int64_t row = 0; row < rows; ++row) {
    y.data<float>()[row] = static_cast<float>(total(in.data<float>() + row * columns, columns));
  }
  return record("sum_last", {x}, y.to(x.device()), [shape = x.shape(), rows, columns](const Tensor& grad) {
    const Tensor dy = dense("sum_last", grad).to(DeviceKind::cpu);
    Tensor dx = Tensor::empty(shape);
    for (std::int64_t row = 0; row < rows; ++row) {
      std::fill_n(dx.data<float>() + row * columns, columns, dy.data<float>()[row]);
    }
    return std::vector<Tensor>{dx.to(grad.device())};
  });
}

}  // namespace octet
