#pragma once

#include <functional>
#include <memory>

#include "nn/layers/layer_input.h"
#include "nn/layers/module.h"
#include "tensor/ops/activation.h"

namespace octet {

/// Any layer that computes y = x W^T + b: in FP32 or quantized.
class LinearBase : public Module {
 public:
  /// f(x W^T + b) + residual: x (..., in) -> (..., out), with f and residual by the epilogue.
  Tensor operator()(const LayerInput& input, const Epilogue& epilogue = {}) {
    if (observer) {
      observer(input.x);
    }
    return forward(input, epilogue);
  }
  /// Which codes of its input it multiplies; none where it reads floats.
  virtual std::optional<CodeScheme> input_codes() const { return {}; }
  virtual std::int64_t in_features() const = 0;
  virtual std::int64_t out_features() const = 0;

  /// Where set, sees every input: outlier statistics, calibration. It is called on the thread of the forward pass,
  /// before the product, with the layer's own input on its device: whoever keeps it longer copies it. What it throws
  /// ends the pass. See nn/observe.h.
  std::function<void(const Tensor& x)> observer;

 protected:
  virtual Tensor forward(const LayerInput& input, const Epilogue& epilogue) = 0;
};

/// The FP32 layer: weight (out, in), bias (out) or none.
class Linear : public LinearBase {
 public:
  Linear(std::int64_t in_features, std::int64_t out_features, bool with_bias);

  std::int64_t in_features() const override { return weight.value().dim(1); }
  std::int64_t out_features() const override { return weight.value().dim(0); }

  Parameter weight;
  std::unique_ptr<Parameter> bias;

 protected:
  Tensor forward(const LayerInput& input, const Epilogue& epilogue) override;
};

}  // namespace octet
