#include "quant/transforms/scalable_input.h"

#include <cmath>
#include <numeric>

#include "quant/fp32_model.h"
#include "tensor/ops/attention.h"

namespace octet {
namespace {

/// Makes the inputs of one model.
class Finder {
 public:
  explicit Finder(Gpt& model) : tensors_(model), config_(model.config()) {}

  std::vector<ScalableInput> find() const {
    std::vector<ScalableInput> inputs;
    const bool gated = config_.architecture == Architecture::llama;
    for (std::int64_t layer = 0; layer < config_.layers; ++layer) {
      const std::string block = fmt::format("blocks.{}.", layer), qkv = block + "attention.qkv", up = block + "mlp.up";
      if (!config_.rotations.heads) {
        inputs.push_back(behind_values(block + "attention.output", qkv));
      }
      inputs.push_back(
          behind_norm(config_.attention_gate ? std::vector{qkv, block + "attention.gate"} : std::vector{qkv},
                      block + "attention_norm"));
      if (gated && !config_.rotations.down) {
        inputs.push_back(behind({block + "mlp.down"}, {up + ".weight", up + ".bias"}));
      }
      inputs.push_back(behind_norm(gated ? std::vector{block + "mlp.gate", up} : std::vector{up}, block + "mlp_norm"));
    }
    if (!config_.tied_head) {
      inputs.push_back(behind_norm({"head"}, "norm"));
    }
    return inputs;
  }

 private:
  /// Every channel has a factor of its own. Makers that the model does not have (biases) are left out.
  ScalableInput behind(const std::vector<std::string>& layers, const std::vector<std::string>& makers) const {
    ScalableInput input;
    input.layers = layers;
    for (const std::string& layer : layers) {
      input.weights.push_back(tensors_.at(layer + ".weight"));
    }
    for (const std::string& maker : makers) {
      if (const Tensor tensor = tensors_.find(maker); tensor.defined()) {
        input.makers.push_back(tensor);
      }
    }
    input.factors = input.weights.front().dim(1);
    input.factor_of.resize(static_cast<std::size_t>(input.factors));
    std::iota(input.factor_of.begin(), input.factor_of.end(), 0);
    return input;
  }

  ScalableInput behind_norm(const std::vector<std::string>& layers, const std::string& norm) const {
    return behind(layers, {norm + ".gain", norm + ".bias"});
  }

  /// Head h reads the values of head h / (H / Hkv).
  ScalableInput behind_values(const std::string& output, const std::string& qkv) const {
    ScalableInput input = behind({output}, {qkv + ".weight", qkv + ".bias"});
    const HeadLayout layout{config_.heads, config_.key_value_heads(), config_.head_dim()};
    input.first_maker_row = layout.query_width() + layout.kv_width();
    input.factors = layout.kv_width();
    for (std::int64_t j = 0; j < input.channels(); ++j) {
      const std::int64_t head = j / layout.head_dim, value_head = head / (layout.heads / layout.kv_heads);
      input.factor_of[static_cast<std::size_t>(j)] = value_head * layout.head_dim + j % layout.head_dim;
    }
    return input;
  }

  NamedTensors tensors_;
  const GptConfig& config_;
};

}  // namespace

std::vector<ScalableInput> scalable_inputs(Gpt& model) {
  return Finder(model).find();
}

const ChannelRange& observed_channels(const ScalableInput& input, const Calibration& calibration) {
  const std::string& layer = input.layers.front();
  const ChannelRange& channels = calibration.of(layer).channels;
  check(channels.channels() == input.channels(), "[transform] expected {} calibrated channels of \"{}\", got {}",
        input.channels(), layer, channels.channels());
  return channels;
}

void scale_input(const ScalableInput& input, std::span<const float> s) {
  check(static_cast<std::int64_t>(s.size()) == input.factors, "[transform] expected {} factors, got {}", input.factors,
        s.size());
  for (const float factor : s) {
    check(std::isfinite(factor) && factor > 0.0F, "[transform] expected positive finite factors, got {}", factor);
  }
  for (const Tensor& maker : input.makers) {
    const std::int64_t width = maker.elements() / maker.dim(0);  // 1 for gains and biases
    float* first = maker.data<float>() + input.first_maker_row * width;
    for (std::int64_t k = 0; k < input.factors; ++k) {
      for (std::int64_t i = 0; i < width; ++i) {
        first[k * width + i] /= s[static_cast<std::size_t>(k)];
      }
    }
  }
  for (const Tensor& weight : input.weights) {
    for (std::int64_t row = 0; row < weight.dim(0); ++row) {
      for (std::int64_t j = 0; j < input.channels(); ++j) {
        const std::int64_t factor = input.factor_of[static_cast<std::size_t>(j)];
        weight.data<float>()[row * input.channels() + j] *= s[static_cast<std::size_t>(factor)];
      }
    }
  }
}

}  // namespace octet
