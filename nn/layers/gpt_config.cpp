#include "nn/layers/gpt_config.h"

#include "base/config/config.h"
#include "base/error.h"
#include "base/hadamard.h"

namespace octet {
namespace {

void check_order(const char* key, std::int64_t order, Problems& problems) {
  try {
    Hadamard{order};
  } catch (const Error& error) {
    problems.add(key, "{}", error.what());
  }
}

/// What llama alone reads. Of gpt2 it would change nothing, and whoever sets it expects that it does.
void check_of_llama(const GptConfig& config, Problems& problems) {
  if (config.architecture == Architecture::llama) return;
  const auto check = [&](const char* key, bool is_set, const char* why) {
    if (is_set) problems.add(key, "expected a model of the architecture llama for it, got gpt2, {}", why);
  };
  constexpr const char* kBiases = "which has all biases anyway";
  check("qkv_bias", config.qkv_bias, kBiases);
  check("output_bias", config.output_bias, kBiases);
  check("mlp_bias", config.mlp_bias, kBiases);
  check("rope_theta", config.rope_theta != GptConfig().rope_theta, "whose positions are learned");
}

}  // namespace

void GptConfig::validate(Problems& problems) const {
  check_of_llama(*this, problems);
  if (width % heads != 0) {
    problems.add("heads", "expected a divisor of the width {}, got {}", width, heads);
  } else if (architecture == Architecture::llama && head_dim() % 2 != 0) {
    problems.add("heads", "expected an even head size for rotary positions, got {} / {} = {}", width, heads,
                 head_dim());
  }
  if (heads % key_value_heads() != 0) {
    problems.add("kv_heads", "expected a divisor of the {} heads, got {}", heads, kv_heads);
  }
  if (rotations.down) {
    check_order("rotations.down", hidden, problems);
  }
  if (rotations.heads && width % heads == 0) {
    check_order("rotations.heads", head_dim(), problems);
  }
}

const GptConfig& checked(const GptConfig& config) {
  GptConfig copy = config;
  override_and_check(copy, "model");
  return config;
}

}  // namespace octet
