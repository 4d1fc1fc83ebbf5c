#pragma once

#include "base/random.h"
#include "tensor/tensor.h"

namespace octet {

/// Normally distributed values.
inline Tensor random_tensor(const Shape& shape, const Random& random, float spread = 1.0F, float mean = 0.0F) {
  Tensor x = Tensor::empty(shape);
  for (std::int64_t i = 0; i < x.elements(); ++i) {
    x.data<float>()[i] = mean + spread * random.normal(static_cast<std::uint64_t>(i));
  }
  return x;
}
inline Tensor random_tensor(const Shape& shape, std::uint64_t seed, float spread = 1.0F, float mean = 0.0F) {
  return random_tensor(shape, Random(seed), spread, mean);
}

}  // namespace octet
