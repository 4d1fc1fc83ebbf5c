#include "eval/explain/layer_sample.h"

#include <algorithm>
#include <map>

#include "eval/score/window_batches.h"
#include "nn/layers/linear.h"
#include "nn/layers/quantized_layer.h"
#include "nn/observe.h"
#include "quant/fp32_model.h"
#include "quant/transforms/smooth_search.h"

namespace octet {
namespace {

constexpr std::int64_t kMostOutputs = std::int64_t{1} << 25;  // 128 MiB of one layer, such as a head of many words

/// The FP32 matrix of a layer, in CPU memory.
Tensor matrix_of(const std::string& path, const Module& module) {
  if (quantized_matrix_of(module) != nullptr) {
    fail(ErrorKind::config, "[explain] expected a model in FP32, got one whose layer \"{}\" is quantized", path);
  }
  if (const auto* linear = dynamic_cast<const Linear*>(&module)) return linear->weight.value().to(DeviceKind::cpu);
  if (const auto* table = dynamic_cast<const Embedding*>(&module)) return table->weight.value().to(DeviceKind::cpu);
  return {};
}

std::map<std::string, Tensor> matrices_of(Gpt& model) {
  std::map<std::string, Tensor> matrices;
  model.for_each_child([&](const std::string& path, ChildSlot& slot) {
    if (Tensor matrix = matrix_of(path, slot.module()); matrix.defined()) matrices.emplace(path, std::move(matrix));
  });
  return matrices;
}

/// Inputs of one layer as they come.
struct Rows {
  std::vector<float> values;
  std::vector<std::int64_t> first_row = {0};
  std::int64_t channels = 0, most = 0;

  /// A window that is too many is passed over.
  void add(const Tensor& x) {
    channels = x.dim(-1);
    if (count() > 0 && count() + x.elements() / channels > most) return;
    const std::span<const float> more = x.span<float>();
    values.insert(values.end(), more.begin(), more.end());
    first_row.push_back(count());
  }
  std::int64_t count() const { return static_cast<std::int64_t>(values.size()) / std::max<std::int64_t>(channels, 1); }
};

void find_smoothing(LayerSample& sample, const std::vector<ScalableInput>& inputs) {
  for (const ScalableInput& input : inputs) {
    if (std::find(input.layers.begin(), input.layers.end(), sample.layer) == input.layers.end()) continue;
    ChannelRange channels;
    channels.add(sample.x.span<float>(), sample.channels());
    const SmoothChoice choice = choose_smoothing(input, channels, WeightScheme());
    sample.alpha = choice.alpha;
    for (const std::int64_t factor : input.factor_of) {
      sample.smoothing.push_back(choice.s[static_cast<std::size_t>(factor)]);
    }
  }
}

}  // namespace

std::vector<LayerSample> sample_layers(Gpt& model, std::span<const std::string> layers, std::span<const Window> windows,
                                       std::int64_t max_rows) {
  const std::map<std::string, Tensor> matrices = matrices_of(model);
  std::map<std::string, Rows> rows;
  for (const std::string& layer : layers) {
    check(matrices.contains(layer), "[explain] the model has no layer \"{}\"", layer);
    rows[layer].most = std::min(max_rows, kMostOutputs / matrices.at(layer).dim(0));
  }
  std::int64_t seen = 0;
  for (const Window& window : windows) {
    if (seen > 0 && seen + window.length() > max_rows) break;
    seen += window.length();
    const Tensor ids = window_inputs({&window, 1});
    observe_inputs(model, {&ids, 1}, [&](const std::string& path, const Tensor& x) {
      if (const auto found = rows.find(path); found != rows.end()) found->second.add(x);
    });
  }
  check(seen > 0, "[explain] expected at least one window, got none");
  const std::unique_ptr<Gpt> copy = model.device() == DeviceKind::cpu ? nullptr : fp32_copy(model);
  const std::vector<ScalableInput> scalable = scalable_inputs(copy ? *copy : model);
  std::vector<LayerSample> samples;
  for (const std::string& layer : layers) {
    Rows& found = rows.at(layer);
    check(found.count() > 0, "[explain] expected a layer that reads inputs, got \"{}\"", layer);
    samples.push_back({.layer = layer,
                       .x = Tensor::from(found.values, {found.count(), found.channels}),
                       .first_row = std::move(found.first_row),
                       .weight = matrices.at(layer)});
    find_smoothing(samples.back(), scalable);
  }
  return samples;
}

std::vector<std::string> multiplying_layers(Gpt& model, const Window& window) {
  std::vector<std::string> layers;
  const Tensor ids = window_inputs({&window, 1});
  observe_inputs(model, {&ids, 1}, [&](const std::string& path, const Tensor&) { layers.push_back(path); });
  return layers;
}

}  // namespace octet
