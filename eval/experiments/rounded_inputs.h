#pragma once

#include <memory>

#include "nn/layers/linear.h"
#include "nn/layers/quantized_matrix.h"

namespace octet {

/// An FP32 layer that reads rounded inputs: y = layer(round(x)). Inputs are rounded exactly as a quantized layer with
/// these activations rounds them, for they pass through its integer product with the identity matrix in between.
class RoundedInputs : public LinearBase {
 public:
  RoundedInputs(std::unique_ptr<LinearBase> inner, const ActivationScheme& activations);

  std::int64_t in_features() const override { return layer->in_features(); }
  std::int64_t out_features() const override { return layer->out_features(); }

  Child<LinearBase> layer;

 protected:
  Tensor forward(const LayerInput& input, const Epilogue& epilogue) override;
  void move_state(DeviceKind device) override { identity_.to(device); }

 private:
  QuantizedMatrix identity_;
};

}  // namespace octet
