#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nn/layers/gpt_config.h"

namespace octet {

/// What a config.json of Hugging Face's transformers says of a model.
struct HuggingFaceConfig {
  GptConfig model;
  std::optional<std::int64_t> bos, eos;  ///< token ids
  std::vector<std::string> notes;        ///< for the user: what was read in another way than it stands there
};

/// Reads the config.json of a model of type llama, qwen2 or gpt2; `name` stands in messages.
///
/// Error (input) that names the key: one that is missing or ill-typed; what Gpt cannot compute (scaled RoPE, sliding
/// windows, norms of queries and keys, another activation, ...); any key that is not known to leave
/// the model as it is, for it may change it.
HuggingFaceConfig read_hugging_face_config(std::string_view json, const std::string& name);

}  // namespace octet
