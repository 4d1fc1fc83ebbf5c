#include "tensor/autograd/gradient_check.h"

#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "tensor/autograd/node.h"

namespace octet {
namespace {

using Function = std::function<Tensor(const std::vector<Tensor>&)>;

// sum(upstream * function(inputs)) in double: the scalar whose derivative backward() computes.
double objective(const Function& function, const std::vector<Tensor>& inputs, const std::vector<float>& upstream) {
  const NoGrad no_grad;
  const std::vector<float> values = function(inputs).to_vector();
  double sum = 0.0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    sum += static_cast<double>(values[i]) * static_cast<double>(upstream[i]);
  }
  return sum;
}

}  // namespace

std::string gradient_check(const Function& function, std::vector<Tensor> inputs, const GradientCheckOptions& options) {
  for (Tensor& input : inputs) {
    input = input.clone().set_requires_grad(true);
  }
  const Tensor output = function(inputs);
  const Random random(options.seed);
  std::vector<float> upstream(static_cast<std::size_t>(output.elements()));
  for (std::size_t i = 0; i < upstream.size(); ++i) {
    upstream[i] = random.normal(i);
  }
  backward(output, Tensor::from(upstream, output.shape()));

  for (std::size_t which = 0; which < inputs.size(); ++which) {
    const Tensor& input = inputs[which];
    if (!input.grad().defined()) {
      return fmt::format("input {} of shape {} received no gradient", which, input.shape());
    }
    const std::vector<float> analytic = input.grad().to_vector();
    for (std::size_t i = 0; i < analytic.size(); ++i) {
      float& element = input.data<float>()[i];
      const float original = element;
      element = original + options.step;
      const float above = element;
      const double high = objective(function, inputs, upstream);
      element = original - options.step;
      const double low = objective(function, inputs, upstream);
      const double numeric = (high - low) / (static_cast<double>(above) - static_cast<double>(element));
      element = original;
      const double value = static_cast<double>(analytic[i]);
      const double magnitude = std::max({1.0, std::fabs(value), std::fabs(numeric)});
      if (!(std::fabs(value - numeric) <= options.tolerance * magnitude)) {
        return fmt::format("input {} of shape {}, element {}: backward gives {}, the central difference {}", which,
                           input.shape(), i, value, numeric);
      }
    }
  }
  return "";
}

}  // namespace octet
