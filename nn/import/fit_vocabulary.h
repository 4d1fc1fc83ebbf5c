#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "text/tokenizer.h"

namespace octet {

/// The tokenizer of a model with `rows` rows of embedding: one with fewer tokens gets "[PAD3]" and so on for the rest.
/// `bos` and `eos`, where the model names them and the vocabulary does not, become those of the tokenizer. What is
/// changed or left out, and which bytes encoding leaves out, stands in `notes`.
/// Error (input) beginning with `where` for more tokens than rows.
Tokenizer fit_vocabulary(Vocabulary vocabulary, std::int64_t rows, const std::string& where,
                         std::optional<std::int64_t> bos, std::optional<std::int64_t> eos,
                         std::vector<std::string>& notes);

}  // namespace octet
