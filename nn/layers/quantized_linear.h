#pragma once

#include "nn/layers/linear.h"
#include "nn/layers/quantized_matrix.h"

namespace octet {

/// y = x W^T + b with a stored weight W (N, K). The bias stays FP32. Stands in the slot of a Linear.
class QuantizedLinear : public LinearBase {
 public:
  /// The layer with `weight` in place of its own, and a copy of its bias, on its device. Errors: another shape; see
  /// QuantizedMatrix.
  static std::unique_ptr<QuantizedLinear> from_linear(const Linear& layer, AnyWeight weight,
                                                      ActivationScheme activations,
                                                      std::optional<LowRank> low_rank = {});

  QuantizedLinear(AnyWeight weight, bool with_bias, ActivationScheme activations, std::optional<LowRank> low_rank = {});

  std::int64_t in_features() const override { return matrix.columns(); }
  std::int64_t out_features() const override { return matrix.rows(); }
  std::optional<CodeScheme> input_codes() const override { return matrix.input_codes(); }

  QuantizedMatrix matrix;
  std::unique_ptr<Parameter> bias;

 protected:
  Tensor forward(const LayerInput& input, const Epilogue& epilogue) override;
  void move_state(DeviceKind device) override { matrix.to(device); }
};

}  // namespace octet
