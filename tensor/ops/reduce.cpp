#include "tensor/ops/reduce.h"

#include "tensor/autograd/node.h"
#include "tensor/ops/checks.h"

namespace octet {
namespace {

Tensor scaled_sum(const char* name, const Tensor& x, double factor) {
  const Tensor in = dense(name, x).to(DeviceKind::cpu);
  double total = 0.0;
  for (const float value : in.span<float>()) {
    total += static_cast<double>(value);
  }
  const Tensor y = Tensor::full({}, static_cast<float>(total * factor));
  return record(name, {x}, y, [shape = x.shape(), device = x.device(), factor](const Tensor& dy) {
    // forward: y = factor * sum(x); so dx = factor * dy for every element.
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

}  // namespace octet
