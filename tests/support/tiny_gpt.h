#pragma once

#include <cstdint>
#include <vector>

#include "base/random.h"
#include "nn/gpt.h"
#include "nn/initialize.h"

namespace octet {

/// Models small enough for quick tests and awkward enough to catch mistakes: no two sizes are equal.
inline GptConfig tiny_gpt2() {
  GptConfig config;
  config.architecture = Architecture::gpt2;
  config.vocabulary = 23;
  config.context = 11;
  config.width = 12;
  config.layers = 2;
  config.heads = 3;
  config.hidden = 20;
  return config;
}

/// Llama shape with grouped heads and a head of its own.
inline GptConfig tiny_llama() {
  GptConfig config = tiny_gpt2();
  config.architecture = Architecture::llama;
  config.width = 16;
  config.heads = 4;
  config.kv_heads = 2;
  config.tied_head = false;
  return config;
}

/// The same with normed queries and keys and a gate for each head.
inline GptConfig with_head_options(GptConfig config) {
  config.qk_norm = config.attention_gate = true;
  return config;
}

/// The same with a clipped softmax that leaves many weights at 0: of a context of 11, those of probabilities below
/// 0.15.
inline GptConfig with_clipped_softmax(GptConfig config) {
  config.attention_clip = 2;
  return config;
}

inline Tensor random_ids(std::int64_t batch, std::int64_t time, std::int64_t vocabulary, std::uint64_t seed) {
  std::vector<std::int32_t> ids(static_cast<std::size_t>(batch * time));
  const Random random(seed);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    ids[i] = static_cast<std::int32_t>(random.below(i, static_cast<std::uint64_t>(vocabulary)));
  }
  return Tensor::from(ids, {batch, time});
}

/// Random values large enough that every part of the model matters, unlike those of `initialize`.
inline void fill_randomly(Gpt& model, std::uint64_t seed, float deviation = 0.3F) {
  for (const auto& [path, parameter] : model.parameters()) {
    Tensor value = parameter->value();
    const Random random(seed, hash_name(path));
    const float mean = path.ends_with(".gain") ? 1.0F : 0.0F;
    for (std::int64_t i = 0; i < value.elements(); ++i) {
      value.data<float>()[i] = mean + deviation * random.normal(static_cast<std::uint64_t>(i));
    }
  }
}

inline std::vector<std::string> parameter_paths(Module& module) {
  std::vector<std::string> paths;
  for (const auto& named : module.parameters()) {
    paths.push_back(named.path);
  }
  return paths;
}

}  // namespace octet
