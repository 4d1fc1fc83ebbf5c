#include "nn/layers/gpt_config.h"

#include "base/config/config.h"

namespace octet {

void GptConfig::validate(Problems& problems) const {
  if (width % heads != 0) {
    problems.add("heads", "expected a divisor of the width {}, got {}", width, heads);
  } else if (architecture == Architecture::llama && head_dim() % 2 != 0) {
    problems.add("heads", "expected an even head size for rotary positions, got {} / {} = {}", width, heads,
                 head_dim());
  }
  if (heads % key_value_heads() != 0) {
    problems.add("kv_heads", "expected a divisor of the {} heads, got {}", heads, kv_heads);
  }
}

const GptConfig& checked(const GptConfig& config) {
  GptConfig copy = config;
  override_and_check(copy, "model");
  return config;
}

}  // namespace octet
