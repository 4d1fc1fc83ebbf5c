#include "eval/outliers/layer_outliers.h"

#include <map>

#include "eval/score/window_batches.h"
#include "nn/observe.h"

namespace octet {

std::vector<OutlierStats> activation_outliers(Gpt& model, std::span<const Window> windows,
                                              const OutlierOptions& options, std::int64_t batch_tokens) {
  const std::vector<Tensor> batches = input_batches(windows, batch_tokens);
  std::vector<std::string> layers;
  std::map<std::string, RunningMoments> moments;
  observe_inputs(model, batches, [&](const std::string& path, const Tensor& x) {
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
  observe_inputs(model, batches, [&](const std::string& path, const Tensor& x) { counters.at(path).add(x); });

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

Tensor layer_inputs(Gpt& model, std::span<const Window> windows, const std::string& layer, std::int64_t max_rows) {
  check(max_rows >= 1, "[layer_inputs] expected at least one row, got {}", max_rows);
  std::vector<float> values;
  std::int64_t channels = 0;
  for (const Window& window : windows) {  // one by one, so as to stop early
    const Tensor ids = window_inputs({&window, 1});
    observe_inputs(model, {&ids, 1}, [&](const std::string& path, const Tensor& x) {
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
