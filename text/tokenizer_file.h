#pragma once

#include <string>
#include <string_view>

#include "text/tokenizer.h"

namespace octet {

/// The Hugging Face `tokenizer.json` of byte-level BPE: model type BPE with `vocab` and `merges`; ByteLevel as
/// pre_tokenizer, post_processor and decoder with add_prefix_space false; special tokens in `added_tokens` and in
/// `vocab`. Written by `tokenizer_to_json`; GPT-2's own file has this form too.
std::string tokenizer_to_json(const Tokenizer& tokenizer);

/// Reads such a file; `name` stands in messages. Merges may be written "a b" or ["a", "b"].
///
/// Error (input) that names the file and the key: text that is not JSON, a missing or ill-typed key, ids that are
/// used twice or leave a hole, a byte without a token, a merge of or into an unknown token, and whatever would tokenize
/// differently here: another model type, normalizer, pre-tokenizer, post-processor, a prefix space, truncation,
/// dropout, byte fallback, added tokens that are not special or take surrounding space.
Tokenizer tokenizer_from_json(std::string_view json, const std::string& name);

void save_tokenizer(const Tokenizer& tokenizer, const std::string& path);
Tokenizer load_tokenizer(const std::string& path);

}  // namespace octet
