#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "text/split_pattern.h"

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

  // What tokenizers of other programs have besides:
  bool nfc = false;                           ///< text is brought to Unicode's normal form C first
  std::vector<std::int32_t> added;            ///< ids of texts that become this token wherever they stand
  SplitPattern pattern = SplitPattern::gpt2;  ///< how text is cut into pieces
  bool ignore_merges = false;                 ///< a piece that is a token becomes it, whatever the merges say
  bool leaves_out_bytes = false;              ///< some bytes have no token: encoding leaves them out
  std::optional<std::int32_t> bos;            ///< begins a text
  std::optional<std::int32_t> eos;            ///< ends a text
  bool adds_bos = false;                      ///< the model was trained on texts that begin with bos

  friend bool operator==(const Vocabulary&, const Vocabulary&) = default;
};

}  // namespace octet
