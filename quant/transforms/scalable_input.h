#pragma once

#include <span>
#include <string>
#include <vector>

#include "nn/gpt.h"
#include "quant/calibration.h"

namespace octet {

/// The input x (..., C) of some layers, whose channels can be scaled without a change of what the model computes: what
/// makes x divides channel j by a factor s_j, and the layers that read it multiply their column j by the same,
///
///     W x = (W diag(s)) (diag(s)^-1 x)
///
/// (SmoothQuant, https://arxiv.org/abs/2211.10438, equation 3). In a Gpt such inputs are
///
///     of                 made by                             which is linear in them
///     attention.qkv      attention_norm: gain, bias
///     mlp.{gate,up}      mlp_norm: gain, bias
///     head               norm: gain, bias                    where the head is not tied to the embedding
///     attention.output   the value rows of attention.qkv     softmax weights sum up values
///     mlp.down           the rows of mlp.up, llama           silu(gate) * up; GPT-2's GELU is not linear in `up`
///
/// Inputs that the model rotates while it runs mix the channels of what makes them: they do not scale.
struct ScalableInput {
  std::vector<std::string> layers;  ///< dotted paths of those that read x
  std::vector<Tensor> weights;      ///< theirs: (R, C) each
  std::vector<Tensor> makers;       ///< gain and bias, or weight and bias: row `first_maker_row + k` makes x's part k
  std::int64_t first_maker_row = 0;
  /// For each of the C channels, which factor scales it. Mostly channel j has factor j; heads that share their values
  /// share their factors too, so that there are fewer factors than channels.
  std::vector<std::int64_t> factor_of;
  std::int64_t factors = 0;

  std::int64_t channels() const { return static_cast<std::int64_t>(factor_of.size()); }
};

/// All of them in a model in FP32 on the CPU. Those that change rows of a layer come before the input of that layer:
/// who goes through the list sees each weight's columns as they will be rounded.
std::vector<ScalableInput> scalable_inputs(Gpt& model);

/// What was observed of such an input. Errors (run): nothing, or of other channels.
const ChannelRange& observed_channels(const ScalableInput& input, const Calibration& calibration);

/// Scales: `factors` positive finite numbers s.
void scale_input(const ScalableInput& input, std::span<const float> s);

}  // namespace octet
