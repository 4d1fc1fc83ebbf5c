#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tensor/tensor.h"

namespace octet {

struct GradientCheckOptions {
  float step = 1e-2F;       ///< of the central difference; FP32 forward passes want a coarse one
  float tolerance = 2e-3F;  ///< on |analytic - numeric| / max(1, |analytic|, |numeric|)
  std::uint64_t seed = 1;   ///< of the random upstream gradient; all ones would hide mistakes that cancel
};

/// Compares the recorded gradients of `function` with central differences for every element of every input, with a
/// random upstream gradient. Returns an empty string where all agree, else a message naming the input, the index and
/// both values.
std::string gradient_check(const std::function<Tensor(const std::vector<Tensor>&)>& function,
                           std::vector<Tensor> inputs, const GradientCheckOptions& options = {});

}  // namespace octet
