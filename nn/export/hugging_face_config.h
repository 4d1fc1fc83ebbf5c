#pragma once

#include <nlohmann/json_fwd.hpp>

#include "nn/layers/gpt_config.h"
#include "text/tokenizer.h"

namespace octet {

/// The config.json of a LlamaForCausalLM or GPT2LMHeadModel with FP32 weights: read_hugging_face_config() turned round.
nlohmann::ordered_json hugging_face_config(const GptConfig& config, const Tokenizer& tokenizer);

/// The tokenizer_config.json beside a tokenizer.json: which tokens begin and end a text, and that there is nothing to
/// the tokenizer but that file.
nlohmann::ordered_json hugging_face_tokenizer_config(const GptConfig& config, const Tokenizer& tokenizer);

}  // namespace octet
