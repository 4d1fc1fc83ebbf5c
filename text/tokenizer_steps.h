#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "text/split_pattern.h"

namespace octet {

// The steps around the BPE model of a Hugging Face tokenizer.json: which of them Octet knows, and how it writes them.
// `name` is the file and begins messages. Errors (input) name the key: a step that would tokenize differently here.

/// `normalizer`, which changes the text first: NFC, Unicode's normal form C, alone or in a sequence; none is `null`.
/// The result is whether there is one.
bool read_normalizer(const nlohmann::json& step, const std::string& name);
nlohmann::ordered_json normalizer_json(bool nfc);

/// `pre_tokenizer`, which cuts the text:
///
///     gpt2       ByteLevel with its regular expression
///     smollm     Digits one by one, then ByteLevel with its regular expression
///     others     Split by the regular expression of the pattern, then ByteLevel without
SplitPattern read_pre_tokenizer(const nlohmann::json& step, const std::string& name);
nlohmann::ordered_json pre_tokenizer_json(SplitPattern pattern);

/// `post_processor`: ByteLevel, which changes no ids, or after it a template that puts one token before each text. The
/// result is the spelling of that token.
std::optional<std::string> read_post_processor(const nlohmann::json& step, const std::string& name);
nlohmann::ordered_json post_processor_json(const std::optional<std::string>& bos, std::int32_t bos_id);

/// ByteLevel, which is also the decoder.
nlohmann::ordered_json byte_level_json(bool use_regex = true);

/// Error unless `step` has this type.
void expect_step(const nlohmann::json& step, const std::string& path, const char* type, const std::string& name);

}  // namespace octet
