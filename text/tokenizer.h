#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "text/literal_tokens.h"
#include "text/vocabulary.h"

namespace octet {

/// What `encode` does where the text spells a special token such as `<|endoftext|>`.
enum class SpecialText {
  plain,     ///< it is text like any other: no special token ever comes out
  recognise  ///< it becomes that token
};

/// Turns any byte string into token ids and back: `decode(encode(text)) == text`, UTF-8 or not, unless the vocabulary
/// leaves out bytes or brings text to a normal form.
///
///     const Tokenizer tokenizer(train_bpe(texts, 512));       // text/bpe_trainer.h, or load_tokenizer(path)
///     const std::vector<std::int32_t> ids = tokenizer.encode("In the beginning");
///     tokenizer.decode(ids);                                  // "In the beginning"
///
/// Encoding looks for added tokens as they are spelled, normalizes what lies between where the vocabulary asks for it,
/// cuts it into pieces (`PieceSplitter`) and starts from one token per byte. Inside each piece the pair of neighbours
/// whose merge has the lowest rank is merged, the leftmost one first, until no neighbours can be merged. All functions
/// are const and may be called from several threads. Source: Sennrich, Haddow, Birch, "Neural Machine Translation of
/// Rare Words with Subword Units", ACL 2016.
class Tokenizer {
 public:
  /// Error (run) if a byte has no token and none may be left out, a merge, special or added token names an unknown id,
  /// or a pair is merged twice.
  explicit Tokenizer(Vocabulary vocabulary);

  /// Long texts are encoded in parallel; the ids do not depend on that. The time is about proportional to the text,
  /// with spaces or without. Error (interrupted) after Ctrl-C.
  std::vector<std::int32_t> encode(std::string_view text, SpecialText special_text = SpecialText::plain) const;

  /// The same ids for plain text without added tokens, from chunks of at least `chunk_bytes` that are encoded in
  /// parallel.
  std::vector<std::int32_t> encode_in_chunks(std::string_view text, std::int64_t chunk_bytes) const;

  /// Error (run) on an id outside [0, vocab_size).
  std::string decode(std::span<const std::int32_t> ids) const;

  /// Bytes of one token; a special token yields its name.
  const std::string& token(std::int32_t id) const;

  /// Bytes of text the token stands for: 0 for a special token.
  std::int64_t text_bytes(std::int32_t id) const;

  bool is_special(std::int32_t id) const;

  /// What ends a text: `eos` of the vocabulary, else `<|endoftext|>`, if there is one.
  std::optional<std::int32_t> end_of_text() const;

  /// What the model expects before a text: `bos`, where texts were trained on with it.
  std::optional<std::int32_t> begin_of_text() const;

  std::int64_t vocab_size() const { return static_cast<std::int64_t>(vocabulary_.tokens.size()); }
  const Vocabulary& vocabulary() const { return vocabulary_; }

 private:
  struct RankedMerge {
    std::int32_t rank;
    std::int32_t result;
  };

  const RankedMerge* find_merge(std::int32_t left, std::int32_t right) const;
  void encode_piece(std::string_view piece, std::vector<std::int32_t>& out) const;
  std::vector<std::int32_t> encode_chunk(std::string_view text) const;

  Vocabulary vocabulary_;
  std::vector<bool> special_;                                   ///< by id
  LiteralTokens added_;                                         ///< found in any text
  LiteralTokens added_and_special_;                             ///< found where special tokens are recognised
  std::unordered_map<std::string, std::int32_t> whole_pieces_;  ///< tokens by their bytes, where merges are ignored
  std::array<std::int32_t, 256> id_of_byte_;
  std::unordered_map<std::uint64_t, RankedMerge> merges_;
};

}  // namespace octet
