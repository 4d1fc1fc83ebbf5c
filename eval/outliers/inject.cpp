#include "eval/outliers/inject.h"

#include <cmath>
#include <string>

namespace octet {
namespace {

/// Elements of one parameter that are to be multiplied by 2^exponent: `first`, `first + step`, ...
struct Scaling {
  Tensor values;
  std::int64_t first;
  std::int64_t step;
  int exponent;
  std::string name;

  template <typename Visit>
  void for_each(Visit visit) const {
    const std::span<float> all = values.span<float>();
    for (auto i = static_cast<std::size_t>(first); i < all.size(); i += static_cast<std::size_t>(step)) {
      visit(all[i]);
    }
  }

  /// Multiplying must lose no bit: no overflow, no denormals.
  void check_exact() const {
    for_each([&](float value) {
      const float scaled = std::ldexp(value, exponent);
      if (value != 0 && !std::isnormal(scaled)) {
        fail(ErrorKind::config, "[inject_outliers] {}: {} * 2^{} is not a normal float", name, value, exponent);
      }
    });
  }
  void apply() const {
    for_each([&](float& value) { value = std::ldexp(value, exponent); });
  }
};

Scaling element(const Parameter& parameter, std::int64_t channel, int exponent, const std::string& path) {
  return {parameter.value(), channel, parameter.value().elements(), exponent, path + "." + parameter.name()};
}

/// Column `channel` of a weight (out, in).
Scaling column(LinearBase& layer, std::int64_t channel, int exponent, const std::string& path) {
  auto* linear = dynamic_cast<Linear*>(&layer);
  if (!linear) {
    fail(ErrorKind::config, "[inject_outliers] {}: expected an FP32 layer; inject before quantizing", path);
  }
  return {linear->weight.value(), channel, linear->in_features(), exponent, path + ".weight"};
}

void scale_norm(NormBase& norm, std::int64_t channel, int exponent, const std::string& path,
                std::vector<Scaling>& scalings) {
  if (auto* layer_norm = dynamic_cast<LayerNorm*>(&norm)) {
    scalings.push_back(element(layer_norm->gain, channel, exponent, path));
    scalings.push_back(element(layer_norm->bias, channel, exponent, path));
  } else if (auto* rms_norm = dynamic_cast<RmsNorm*>(&norm)) {
    scalings.push_back(element(rms_norm->gain, channel, exponent, path));
  } else {
    fail(ErrorKind::config, "[inject_outliers] {}: expected a LayerNorm or an RmsNorm", path);
  }
}

void scale_block(Block& block, std::int64_t channel, int exponent, const std::string& path,
                 std::vector<Scaling>& scalings) {
  scale_norm(*block.attention_norm, channel, exponent, path + ".attention_norm", scalings);
  scalings.push_back(column(*block.attention->qkv, channel, -exponent, path + ".attention.qkv"));
  scale_norm(*block.mlp_norm, channel, exponent, path + ".mlp_norm", scalings);
  if (auto* gated = dynamic_cast<SwigluMlp*>(&*block.mlp)) {
    scalings.push_back(column(*gated->gate, channel, -exponent, path + ".mlp.gate"));
    scalings.push_back(column(*gated->up, channel, -exponent, path + ".mlp.up"));
  } else if (auto* plain = dynamic_cast<Mlp*>(&*block.mlp)) {
    scalings.push_back(column(*plain->up, channel, -exponent, path + ".mlp.up"));
  } else {
    fail(ErrorKind::config, "[inject_outliers] {}.mlp: expected an Mlp or a SwigluMlp", path);
  }
}

void check_index(std::int64_t index, std::int64_t bound, const char* what) {
  if (index < 0 || index >= bound) {
    fail(ErrorKind::config, "[inject_outliers] expected {} from 0 to {}, got {}", what, bound - 1, index);
  }
}

}  // namespace

void inject_outliers(Gpt& model, const OutlierInjection& injection) {
  std::vector<std::int64_t> layers = injection.layers;
  for (std::int64_t layer = 0; injection.layers.empty() && layer < model.config().layers; ++layer) {
    layers.push_back(layer);
  }
  std::vector<Scaling> scalings;
  for (const std::int64_t layer : layers) {
    check_index(layer, model.config().layers, "layers");
    for (const std::int64_t channel : injection.channels) {
      check_index(channel, model.config().width, "channels");
      scale_block((*model.blocks)[layer], channel, static_cast<int>(injection.exponent),
                  "blocks." + std::to_string(layer), scalings);
    }
  }
  for (const Scaling& scaling : scalings) {
    scaling.check_exact();
  }
  for (const Scaling& scaling : scalings) {
    scaling.apply();
  }
}

}  // namespace octet
