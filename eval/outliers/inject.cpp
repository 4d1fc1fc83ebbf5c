#include "eval/outliers/inject.h"

#include <cmath>
#include <string>

namespace octet {
namespace {

/// Elements of one parameter that are to be multiplied by 2^exponent: `count` of them, `step` apart.
struct Scaling {
  Tensor values;
  std::int64_t first, step, count;
  int exponent;
  std::string name;

  template <typename Visit>
  void for_each(Visit visit) const {
    const std::span<float> all = values.span<float>();
    for (std::int64_t i = 0; i < count; ++i) {
      visit(all[static_cast<std::size_t>(first + i * step)]);
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

Linear& fp32_layer(LinearBase& layer, const std::string& path) {
  auto* linear = dynamic_cast<Linear*>(&layer);
  if (!linear) {
    fail(ErrorKind::config, "[inject_outliers] {}: expected an FP32 layer; inject before quantizing", path);
  }
  return *linear;
}

/// What becomes of one channel of one block. A positive exponent is for what gives it, a negative one for what reads.
class BlockScalings {
 public:
  BlockScalings(const GptConfig& config, Block& block, std::string path, int exponent, std::vector<Scaling>& scalings)
      : config_(config), block_(block), path_(std::move(path)), exponent_(exponent), scalings_(scalings) {}

  void plant(OutlierPlace place, std::int64_t channel) {
    switch (place) {
      case OutlierPlace::norms:
        return plant_in_norms(channel);
      case OutlierPlace::values:
        return plant_in_values(channel);
      case OutlierPlace::keys:
        return plant_in_keys(channel);
      case OutlierPlace::hidden:
        return plant_in_hidden(channel);
    }
  }

 private:
  void plant_in_norms(std::int64_t channel) {
    norm(*block_.attention_norm, channel, "attention_norm");
    column(*block_.attention->qkv, channel, "attention.qkv");
    if (block_.attention->gate) column(**block_.attention->gate, channel, "attention.gate");
    norm(*block_.mlp_norm, channel, "mlp_norm");
    if (auto* gated = dynamic_cast<SwigluMlp*>(&*block_.mlp)) {
      column(*gated->gate, channel, "mlp.gate");
      column(*gated->up, channel, "mlp.up");
    } else if (auto* plain = dynamic_cast<Mlp*>(&*block_.mlp)) {
      column(*plain->up, channel, "mlp.up");
    } else {
      fail(ErrorKind::config, "[inject_outliers] {}.mlp: expected an Mlp or a SwigluMlp", path_);
    }
  }

  void plant_in_values(std::int64_t channel) {
    row(*block_.attention->qkv, value_row(channel), exponent_, "attention.qkv");
    for_each_query_of(channel, [&](std::int64_t j) { column(*block_.attention->output, j, "attention.output"); });
  }

  void plant_in_keys(std::int64_t channel) {
    if (config_.qk_norm) {
      fail(ErrorKind::config,
           "[inject_outliers] {}.attention: expected a model without qk_norm for keys, got one whose "
           "norm takes every factor out again",
           path_);
    }
    key_and_queries(channel);
    if (config_.architecture == Architecture::llama) {
      const std::int64_t size = config_.head_dim(), place = channel % size;
      key_and_queries(channel - place + (place + size / 2) % size);
    }
  }

  void plant_in_hidden(std::int64_t channel) {
    auto* gated = dynamic_cast<SwigluMlp*>(&*block_.mlp);
    if (!gated) {
      fail(ErrorKind::config, "[inject_outliers] {}.mlp: expected a SwigluMlp, got one where GELU lies between", path_);
    }
    row(*gated->up, channel, exponent_, "mlp.up");
    column(*gated->down, channel, "mlp.down");
  }

  /// Rows of attention.qkv: H queries, then Hkv keys, then Hkv values, D rows each.
  std::int64_t key_row(std::int64_t channel) const { return config_.heads * config_.head_dim() + channel; }
  std::int64_t value_row(std::int64_t channel) const {
    return key_row(channel) + config_.key_value_heads() * config_.head_dim();
  }

  void key_and_queries(std::int64_t channel) {
    row(*block_.attention->qkv, key_row(channel), exponent_, "attention.qkv");
    for_each_query_of(channel, [&](std::int64_t j) { row(*block_.attention->qkv, j, -exponent_, "attention.qkv"); });
  }

  /// The same channel of each query head that shares the key and value head of `channel`.
  template <typename Visit>
  void for_each_query_of(std::int64_t channel, Visit visit) const {
    const std::int64_t size = config_.head_dim(), sharing = config_.heads / config_.key_value_heads();
    for (std::int64_t head = channel / size * sharing, i = 0; i < sharing; ++i) {
      visit((head + i) * size + channel % size);
    }
  }

  void norm(NormBase& norm, std::int64_t channel, const char* name) {
    if (auto* layer_norm = dynamic_cast<LayerNorm*>(&norm)) {
      element(layer_norm->gain, channel, name);
      element(layer_norm->bias, channel, name);
    } else if (auto* rms_norm = dynamic_cast<RmsNorm*>(&norm)) {
      element(rms_norm->gain, channel, name);
    } else {
      fail(ErrorKind::config, "[inject_outliers] {}.{}: expected a LayerNorm or an RmsNorm", path_, name);
    }
  }

  void element(const Parameter& parameter, std::int64_t i, const char* name) {
    scalings_.push_back(
        {parameter.value(), i, 1, 1, exponent_, fmt::format("{}.{}.{}", path_, name, parameter.name())});
  }

  /// What reads channel j: W[:, j] of a weight (out, in).
  void column(LinearBase& layer, std::int64_t j, const char* name) {
    const std::string path = fmt::format("{}.{}", path_, name);
    Linear& linear = fp32_layer(layer, path);
    scalings_.push_back(
        {linear.weight.value(), j, linear.in_features(), linear.out_features(), -exponent_, path + ".weight"});
  }

  /// An output of a layer: row i of its weight, and its bias.
  void row(LinearBase& layer, std::int64_t i, int exponent, const char* name) {
    const std::string path = fmt::format("{}.{}", path_, name);
    Linear& linear = fp32_layer(layer, path);
    const std::int64_t size = linear.in_features();
    scalings_.push_back({linear.weight.value(), i * size, 1, size, exponent, path + ".weight"});
    if (linear.bias) {
      scalings_.push_back({linear.bias->value(), i, 1, 1, exponent, path + ".bias"});
    }
  }

  const GptConfig& config_;
  Block& block_;
  std::string path_;
  int exponent_;
  std::vector<Scaling>& scalings_;
};

void check_index(std::int64_t index, std::int64_t bound, const char* what) {
  if (index < 0 || index >= bound) {
    fail(ErrorKind::config, "[inject_outliers] expected {} from 0 to {}, got {}", what, bound - 1, index);
  }
}

}  // namespace

std::int64_t outlier_channels(OutlierPlace place, const GptConfig& config) {
  switch (place) {
    case OutlierPlace::norms:
      return config.width;
    case OutlierPlace::values:
    case OutlierPlace::keys:
      return config.key_value_heads() * config.head_dim();
    case OutlierPlace::hidden:
      return config.hidden;
  }
  return 0;
}

void inject_outliers(Gpt& model, const OutlierInjection& injection) {
  std::vector<std::int64_t> layers = injection.layers;
  for (std::int64_t layer = 0; injection.layers.empty() && layer < model.config().layers; ++layer) {
    layers.push_back(layer);
  }
  const GptConfig& config = model.config();
  std::vector<Scaling> scalings;
  for (const std::int64_t layer : layers) {
    check_index(layer, config.layers, "layers");
    BlockScalings block(config, (*model.blocks)[layer], "blocks." + std::to_string(layer),
                        static_cast<int>(injection.exponent), scalings);
    for (const OutlierPlace place : injection.places) {
      for (const std::int64_t channel : injection.channels) {
        check_index(channel, outlier_channels(place, config), "channels");
        block.plant(place, channel);
      }
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
