#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "nn/gpt.h"
#include "nn/layers/linear.h"
#include "quant/calibration.h"

namespace octet {

/// How many inputs of a layer share one scale of int8 activations.
enum class ActivationGrain {
  tensor,   ///< all rows that pass through at once: one token with large values takes the levels of all others
  channel,  ///< a column, with a scale known from calibration: outliers keep to themselves
};

/// What becomes of the inputs of a layer: x (rows, in) and the result of that shape.
using InputRounding = std::function<Tensor(const Tensor& x)>;
/// int8 by this grain. `scales` (in) of ActivationGrain::channel; undefined for tensor.
InputRounding rounding_of(ActivationGrain grain, const Tensor& scales);

/// Computes in FP32 what rounded inputs would give: y = layer(round(x)).
///
/// No integer product takes those of ActivationGrain. A scale for each channel stands inside the sum over channels,
/// where int32 cannot divide it out again, and one for all rows is known only when all have been seen (Xiao et al.
/// 2022, "SmoothQuant", https://arxiv.org/abs/2211.10438, section 3 and figure 3). The lab shows what they would be
/// worth.
class SimulatedLinear : public LinearBase {
 public:
  /// `layer` reads floats.
  SimulatedLinear(std::unique_ptr<LinearBase> inner, InputRounding rounding);

  std::int64_t in_features() const override { return layer->in_features(); }
  std::int64_t out_features() const override { return layer->out_features(); }

  Child<LinearBase> layer;

 protected:
  Tensor forward(const LayerInput& input, const Epilogue& epilogue) override;

 private:
  InputRounding rounding_;
};

/// The slots of all linear layers of a model, by path. Embedding and tied head are none.
std::vector<std::pair<std::string, ChildSlot*>> linear_slots(Gpt& model);

/// Puts a SimulatedLinear around the linear layer of a slot.
void simulate_rounding(ChildSlot& slot, InputRounding rounding);

/// Rounds every linear layer of an FP32 model on the CPU to int8 with a scale for each row, and its inputs by this
/// grain. Embedding and tied head stay FP32. Error (run) where `calibration` lacks a layer.
void simulate_activations(Gpt& model, ActivationGrain grain, const Calibration& calibration);

}  // namespace octet
