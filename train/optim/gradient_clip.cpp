#include "train/optim/gradient_clip.h"

#include <cmath>

#include "tensor/backend.h"
#include "train/optim/optimizer.h"

namespace octet {

double gradient_norm(const std::vector<Module::NamedParameter>& parameters) {
  if (parameters.empty()) {
    return 0.0;
  }
  const DeviceKind device = gradient_of(parameters.front()).device();
  const Storage sum(sizeof(double), device);
  memory(device).zero(sum.data(), sum.bytes());
  for (const auto& entry : parameters) {
    const Tensor gradient = gradient_of(entry);
    check(gradient.device() == device, "[clip] expected gradients on one device, got {} and {}", name_of(device),
          name_of(gradient.device()));
    kernels(device).add_squares(
        {.count = gradient.elements(), .x = gradient.data<float>(), .sum = static_cast<double*>(sum.data())});
  }
  double total = 0.0;
  memory(device).to_host(&total, sum.data(), sizeof total);
  return std::sqrt(total);
}

float clip_scale(double norm, double limit) {
  return limit > 0.0 && norm > limit ? static_cast<float>(limit / norm) : 1.0F;
}

}  // namespace octet
