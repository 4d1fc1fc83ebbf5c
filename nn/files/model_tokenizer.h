#pragma once

#include <filesystem>

#include "text/tokenizer.h"

namespace octet {

// A tokenizer belongs to one model: with two ids exchanged everything still runs, and every result is wrong. So the
// weights of a model folder name the tokenizer they were trained with (ModelTies), and whoever reads both checks it.

inline constexpr const char* kTokenizerFile = "tokenizer.json";

/// SHA-256 of what the tokenizer does: of its JSON as Octet writes it, however the file at hand is spaced.
std::string tokenizer_sha256(const Tokenizer& tokenizer);

/// tokenizer.json of the folder of a model. Error (input) naming the file where it is missing or broken, has another
/// size than the vocabulary of the model, or is not the tokenizer that the weights name.
Tokenizer load_model_tokenizer(const std::filesystem::path& folder);

}  // namespace octet
