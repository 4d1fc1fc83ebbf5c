#include "train/clip.h"

#include <cmath>

#include "tensor/backend.h"
#include "train/optimizer.h"

namespace octet {

double gradient_norm(const std::vector<Module::NamedParameter>& parameters) {
  double sum = 0.0;
  for (const auto& entry : parameters) {
    const Tensor gradient = gradient_of(entry);
    sum += kernels().sum_squares({.count = gradient.elements(), .x = gradient.span<float>().data()});
  }
  return std::sqrt(sum);
}

float clip_scale(double norm, double limit) {
  return limit > 0.0 && norm > limit ? static_cast<float>(limit / norm) : 1.0F;
}

}  // namespace octet
