#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "eval/outliers/outliers.h"

namespace octet {

/// What the channels of a layer's input stand for. Those of the residual stream are the same in all blocks; those of
/// heads and of hidden layers belong to their block alone.
enum class InputSpace {
  residual,   ///< attention.qkv, mlp.up and the last layer: the stream behind a norm
  heads,      ///< attention.output
  hidden,     ///< mlp.down
  duplicate,  ///< mlp.gate reads what mlp.up reads, attention.gate what attention.qkv reads
};
/// By the dotted name of the layer.
InputSpace input_space(std::string_view layer);

/// A channel of the residual stream and the layers in which it has outliers, |x| >= OutlierOptions::absolute.
struct RecurringChannel {
  std::int64_t channel = 0;
  std::int64_t layers = 0;     ///< with at least one outlier in this channel
  double share_layers = 0;     ///< of the layers that read the residual stream
  double share_positions = 0;  ///< of the tokens, over all those layers
  float max_abs = 0;
  /// In at least 25 % of the layers and 6 % of the positions: an outlier feature as Dettmers et al. 2022 count them,
  /// https://arxiv.org/abs/2208.07339, section 4.1.
  bool systematic = false;
};
constexpr double kSystematicLayers = 0.25, kSystematicPositions = 0.06;

/// All channels with an outlier in at least one layer, those of the most layers first and among these those of the most
/// positions. `layers` are the activations of a model (activation_outliers); those that read something else are passed
/// over. Error (run) where layers of the residual stream have different numbers of channels.
std::vector<RecurringChannel> recurring_channels(std::span<const OutlierStats> layers);

}  // namespace octet
