#pragma once

#include "nn/gpt.h"
#include "nn/layers/linear.h"
#include "quant/calibration.h"

namespace octet {

/// How many inputs of a layer share one scale of int8 activations.
enum class ActivationGrain {
  tensor,   ///< all rows that pass through at once: one token with large values takes the levels of all others
  channel,  ///< a column, with a scale known from calibration: outliers keep to themselves
};

/// Computes in FP32 what int8 activations of this grain would give: y = layer(round(x / s) s).
///
/// No integer product takes them. A scale for each channel stands inside the sum over channels, where int32 cannot
/// divide it out again, and one for all rows is known only when all have been seen (Xiao et al. 2022, "SmoothQuant",
/// https://arxiv.org/abs/2211.10438, section 3 and figure 3). The lab shows what they would be worth.
class SimulatedLinear : public LinearBase {
 public:
  /// `layer` reads floats. `scales` (in) of ActivationGrain::channel; undefined for tensor.
  SimulatedLinear(std::unique_ptr<LinearBase> inner, ActivationGrain grain, Tensor scales);

  std::int64_t in_features() const override { return layer->in_features(); }
  std::int64_t out_features() const override { return layer->out_features(); }

  Child<LinearBase> layer;

 protected:
  Tensor forward(const LayerInput& input, const Epilogue& epilogue) override;

 private:
  Tensor rounded(const Tensor& x) const;  // (rows, in), the same shape

  ActivationGrain grain_;
  Tensor scales_;
};

/// Rounds every linear layer of an FP32 model on the CPU to int8 with a scale for each row, and its inputs by this
/// grain. Embedding and tied head stay FP32. Error (run) where `calibration` lacks a layer.
void simulate_activations(Gpt& model, ActivationGrain grain, const Calibration& calibration);

}  // namespace octet
