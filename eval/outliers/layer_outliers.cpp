#include "eval/outliers/layer_outliers.h"

#include <algorithm>
#include <map>

namespace octet {
namespace {

bool reads_residual_stream(const std::string& layer) {
  return layer.ends_with(".attention.qkv") || layer.ends_with(".mlp.up");
}

}  // namespace

std::vector<OutlierStats> activation_outliers(Gpt& model, std::span<const Window> windows,
                                              const OutlierOptions& options, std::int64_t batch_tokens) {
  std::vector<std::string> layers;
  std::map<std::string, RunningMoments> moments;
  observe_inputs(model, windows, batch_tokens, [&](const std::string& path, const Tensor& x) {
    const auto [entry, is_new] = moments.try_emplace(path);
    if (is_new) {
      layers.push_back(path);
    }
    entry->second.merge(moments_of(x.span<float>()));
  });

  std::map<std::string, OutlierCounter> counters;
  for (const std::string& layer : layers) {
    counters.try_emplace(layer, layer, moments.at(layer), options);
  }
  observe_inputs(model, windows, batch_tokens,
                 [&](const std::string& path, const Tensor& x) { counters.at(path).add(x); });

  std::vector<OutlierStats> stats;
  for (const std::string& layer : layers) {
    stats.push_back(counters.at(layer).finish());
  }
  return stats;
}

std::vector<OutlierStats> weight_outliers(Gpt& model, const OutlierOptions& options) {
  std::vector<OutlierStats> stats;
  for (const auto& [path, parameter] : model.parameters()) {
    if (parameter->value().rank() == 2) {
      stats.push_back(matrix_outliers(path, parameter->value().to(DeviceKind::cpu), options));
    }
  }
  return stats;
}

std::vector<std::int64_t> systematic_channels(std::span<const OutlierStats> activations) {
  constexpr double kShareOfPositions = 0.06;
  constexpr double kShareOfLayers = 0.25;
  std::int64_t layers = 0;
  std::map<std::int64_t, std::int64_t> layers_of_channel;
  for (const OutlierStats& stats : activations) {
    if (!reads_residual_stream(stats.layer)) {
      continue;
    }
    ++layers;
    for (std::size_t c = 0; c < stats.channel_absolute.size(); ++c) {
      const auto positions = static_cast<double>(stats.channel_absolute[c]);
      if (positions > 0 && positions >= kShareOfPositions * static_cast<double>(stats.rows)) {
        ++layers_of_channel[static_cast<std::int64_t>(c)];
      }
    }
  }
  std::vector<std::int64_t> channels;
  for (const auto& [channel, count] : layers_of_channel) {
    if (static_cast<double>(count) >= kShareOfLayers * static_cast<double>(layers)) {
      channels.push_back(channel);
    }
  }
  return channels;
}

Tensor layer_inputs(Gpt& model, std::span<const Window> windows, const std::string& layer, std::int64_t max_rows) {
  check(max_rows >= 1, "[layer_inputs] expected at least one row, got {}", max_rows);
  std::vector<float> values;
  std::int64_t channels = 0;
  for (const Window& window : windows) {  // one by one, so as to stop early
    observe_inputs(model, {&window, 1}, 1, [&](const std::string& path, const Tensor& x) {
      if (path == layer) {
        channels = x.dim(-1);
        const std::span<const float> rows = x.span<float>();
        values.insert(values.end(), rows.begin(), rows.end());
      }
    });
    check(channels > 0, "[layer_inputs] the model has no layer \"{}\"", layer);
    if (static_cast<std::int64_t>(values.size()) >= max_rows * channels) {
      values.resize(static_cast<std::size_t>(max_rows * channels));
      break;
    }
  }
  check(channels > 0, "[layer_inputs] expected at least one window");
  return Tensor::from(values, {static_cast<std::int64_t>(values.size()) / channels, channels});
}

}  // namespace octet
