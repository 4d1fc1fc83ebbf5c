#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "text/vocabulary.h"

namespace octet {

/// A byte-level BPE vocabulary as the metadata of GGUF files hold it (`tokenizer.ggml.*`).
struct TokenLists {
  std::vector<std::string> tokens;  ///< by id, in the printable characters of bytes_to_printable
  std::vector<std::int64_t> types;  ///< of each token: a TokenType; empty: all normal
  std::vector<std::string> merges;  ///< "left right", in order of rank
  std::string pattern;              ///< name of the split pattern
  std::optional<std::int64_t> bos;  ///< the id of the token that begins texts
  std::optional<bool> adds_bos;     ///< not said: as is usual for the pattern
};

/// What the numbers in `types` mean.
enum class TokenType : std::int64_t { normal = 1, unknown = 2, control = 3, user_defined = 4, unused = 5, byte = 6 };

/// The vocabulary of these lists. Control, unknown and unused tokens become special, user-defined ones added. Bytes may
/// lack a token: `leaves_out_bytes`.
///
/// Errors (input) beginning with `name`, the file, and naming the key: lists of different length, a token twice or
/// empty, characters that stand for no byte, a merge of or into an unknown token, an unknown pattern or type, texts
/// that begin with a token which is out of range or normal.
Vocabulary vocabulary_from_lists(const TokenLists& lists, const std::string& name);

/// The lists of a vocabulary. Special tokens become control ones. What ends texts is not among them.
///
/// Errors (input): a token that is spelled as another one; whole pieces before merges with another pattern than that of
/// Llama 3, or that pattern without.
TokenLists lists_from_vocabulary(const Vocabulary& vocabulary);

}  // namespace octet
