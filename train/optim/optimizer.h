#pragma once

#include <cstdint>
#include <vector>

#include "io/safetensors.h"
#include "nn/layers/module.h"

namespace octet {

/// What one update needs beside the gradients.
struct OptimizerStep {
  std::int64_t index = 0;             ///< steps taken before this one
  double learning_rate_factor = 1.0;  ///< of the schedule
  float gradient_scale = 1.0F;        ///< multiplies every gradient: clipping
};

/// Changes parameters by their gradients. Gradients are read, never written: they may share memory.
class Optimizer {
 public:
  virtual ~Optimizer() = default;

  /// Error (run) naming the parameter that has no gradient.
  virtual void step(const OptimizerStep& step) = 0;

  /// Everything that later steps depend on, beside the parameters and the step index. The tensors are handles on the
  /// live state: a checkpoint saves them, resuming overwrites them. They are on the device of
  /// their parameters, which must not move any more.
  virtual std::vector<NamedTensor> state() const = 0;
};

/// The gradient of a parameter, contiguous; error (run) where backward() has not left one.
inline Tensor gradient_of(const Module::NamedParameter& entry) {
  const Tensor gradient = entry.parameter->value().grad();
  check(gradient.defined(), "[optimizer] expected a gradient of \"{}\", got none", entry.path);
  return gradient.is_contiguous() ? gradient : gradient.clone();
}

}  // namespace octet
