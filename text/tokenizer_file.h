#pragma once

#include <string>
#include <string_view>

#include "text/tokenizer.h"

namespace octet {

/// Whether a tokenizer.json says what begins and ends a text: files for other programs have that in a file beside it.
enum class TokenRoles { written, left_out };

/// The Hugging Face `tokenizer.json` of byte-level BPE: model type BPE with `vocab` and `merges`; ByteLevel as decoder;
/// a normalizer, a pre_tokenizer and a post_processor of text/tokenizer_steps.h; special and other added tokens in
/// `added_tokens`, and in `vocab` or not. Files of GPT-2, Llama 3, Qwen 2 and SmolLM 2 have this form. What ends
/// and begins a text stands as `octet_role`, "bos" or "eos" or "bos eos", of an added token: other programs pass it
/// over, some with a warning.
std::string tokenizer_to_json(const Tokenizer& tokenizer, TokenRoles roles = TokenRoles::written);

/// What becomes of a byte that no token stands for.
enum class MissingBytes {
  refused,   ///< an error: not every text could be encoded
  left_out,  ///< encoding leaves it out, as the Hugging Face tokenizer does; `leaves_out_bytes` of the vocabulary says
             ///< so
};

/// Reads such a file; `name` stands in messages. Merges may be written "a b" or ["a", "b"].
///
/// Error (input) that names the file and the key: text that is not JSON, a missing or ill-typed key, ids that are
/// used twice or leave a hole, a byte without a token, a merge of or into an unknown token, and whatever would tokenize
/// differently here: another model type, normalizer, pre-tokenizer, post-processor, a prefix space, truncation,
/// dropout, byte fallback, a token for what is unknown, added tokens that take surrounding space.
Tokenizer tokenizer_from_json(std::string_view json, const std::string& name,
                              MissingBytes missing = MissingBytes::refused);

void save_tokenizer(const Tokenizer& tokenizer, const std::string& path);
Tokenizer load_tokenizer(const std::string& path, MissingBytes missing = MissingBytes::refused);

}  // namespace octet
