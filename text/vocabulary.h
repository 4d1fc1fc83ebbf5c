#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace octet {

/// Ends a document; the one special token of the vocabularies made here.
inline constexpr const char* kEndOfText = "<|endoftext|>";

/// The tokens `left` and `right`, side by side, become the token `result`.
struct Merge {
  std::int32_t left = 0;
  std::int32_t right = 0;
  std::int32_t result = 0;

  friend bool operator==(const Merge&, const Merge&) = default;
};

/// What a byte-level BPE tokenizer knows.
struct Vocabulary {
  std::vector<std::string> tokens;     ///< (V) bytes of each token; the index is its id
  std::vector<Merge> merges;           ///< in order of rank: earlier ones are applied first
  std::vector<std::int32_t> specials;  ///< ids that plain text never encodes to

  friend bool operator==(const Vocabulary&, const Vocabulary&) = default;
};

}  // namespace octet
