#pragma once

#include <vector>

#include "quant/calibrate.h"
#include "quant/fp32_model.h"
#include "tensor/autograd/node.h"
#include "tests/support/tiny_gpt.h"

namespace octet {

/// Both architectures, with tied heads and with heads of their own; Llama with grouped heads, without biases and with;
/// with norms of queries and keys and gates, and without.
inline std::vector<GptConfig> transform_configs() {
  std::vector<GptConfig> configs = {tiny_gpt2(), tiny_llama(), tiny_gpt2(), tiny_llama(), tiny_llama()};
  configs[2].tied_head = !configs[2].tied_head;
  configs[3].tied_head = !configs[3].tied_head;
  configs[4].qkv_bias = configs[4].output_bias = configs[4].mlp_bias = true;
  configs.push_back(with_head_options(configs[2]));
  configs.push_back(with_head_options(configs[3]));
  return configs;
}

/// Wide enough for outliers to stand out.
inline GptConfig wider(GptConfig config) {
  config.width = 64;
  config.heads = 4;
  config.hidden = 96;
  return config;
}

inline std::vector<Tensor> transform_batches(const GptConfig& config) {
  return {random_ids(3, config.context, config.vocabulary, 1), random_ids(2, config.context, config.vocabulary, 2)};
}

inline Calibration calibrated(Gpt& model) {
  return calibrate(model, transform_batches(model.config()));
}

inline Tensor logits_of(Gpt& model) {
  const NoGrad no_grad;
  return model.forward(random_ids(2, model.config().context, model.config().vocabulary, 3));
}

/// Makes channel 5 of the residual stream large in every token.
inline void plant_outliers(Gpt& model, float factor) {
  Tensor table = NamedTensors(model).at("embedding.weight");
  for (std::int64_t row = 0; row < table.dim(0); ++row) {
    table.data<float>()[row * table.dim(1) + 5] *= factor;
  }
}

/// All values of all parameters.
inline std::vector<float> values_of(Gpt& model) {
  std::vector<float> values;
  for (const auto& [path, parameter] : model.parameters()) {
    const std::vector<float> of_one = parameter->value().to_vector();
    values.insert(values.end(), of_one.begin(), of_one.end());
  }
  return values;
}

}  // namespace octet
