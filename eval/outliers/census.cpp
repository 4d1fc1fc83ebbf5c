#include "eval/outliers/census.h"

#include <algorithm>
#include <numeric>

#include "base/error.h"

namespace octet {

InputSpace input_space(std::string_view layer) {
  if (layer.ends_with("attention.output")) return InputSpace::heads;
  if (layer.ends_with("mlp.down")) return InputSpace::hidden;
  if (layer.ends_with("mlp.gate") || layer.ends_with("attention.gate")) return InputSpace::duplicate;
  return InputSpace::residual;
}

std::vector<RecurringChannel> recurring_channels(std::span<const OutlierStats> layers) {
  std::vector<RecurringChannel> channels;
  double positions = 0;
  std::int64_t reads = 0;
  for (const OutlierStats& layer : layers) {
    if (input_space(layer.layer) != InputSpace::residual) continue;
    const std::size_t count = layer.channel_max.size();
    if (reads == 0) channels.resize(count);
    check(count > 0 && count == channels.size(), "[census] {}: expected {} channels, got {}", layer.layer,
          channels.size(), count);
    ++reads;
    positions += static_cast<double>(layer.moments.count) / static_cast<double>(count);
    for (std::size_t c = 0; c < count; ++c) {
      channels[c].layers += layer.channel_beyond[c] > 0 ? 1 : 0;
      channels[c].share_positions += static_cast<double>(layer.channel_beyond[c]);
      channels[c].max_abs = std::max(channels[c].max_abs, layer.channel_max[c]);
    }
  }
  for (std::size_t c = 0; c < channels.size(); ++c) {
    RecurringChannel& channel = channels[c];
    channel.channel = static_cast<std::int64_t>(c);
    channel.share_layers = static_cast<double>(channel.layers) / static_cast<double>(reads);
    channel.share_positions /= positions;
    channel.systematic = channel.share_layers >= kSystematicLayers && channel.share_positions >= kSystematicPositions;
  }
  std::erase_if(channels, [](const RecurringChannel& channel) { return channel.layers == 0; });
  std::stable_sort(channels.begin(), channels.end(), [](const RecurringChannel& a, const RecurringChannel& b) {
    return a.layers != b.layers ? a.layers > b.layers : a.share_positions > b.share_positions;
  });
  return channels;
}

}  // namespace octet
