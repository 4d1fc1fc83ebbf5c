#pragma once

#include <span>
#include <string>

#include "io/gguf_writer.h"
#include "nn/layers/gpt_config.h"
#include "text/tokenizer.h"

namespace octet {

/// The keys of a model's GGUF file that holds matrices of these types. Error (input): see lists_from_vocabulary().
GgufKeys gguf_keys(const GptConfig& config, const Tokenizer& tokenizer, const std::string& name,
                   std::span<const GgufType* const> matrices);

}  // namespace octet
