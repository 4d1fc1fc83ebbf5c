#pragma once

#include <memory>
#include <string_view>

#include "text/split_pattern.h"

namespace octet {

/// Cuts text into the pieces that byte-pair encoding works inside of: words with the space before them, numbers,
/// punctuation, white space, English contractions. Merges never cross a piece.
///
/// The pattern (text/split_pattern.h) is GPT-2's unless another one is given.
///
/// Text need not be UTF-8. The pattern is matched inside each maximal stretch of valid UTF-8, as if the text ended
/// there, and each maximal stretch of other bytes is one piece. So valid text is cut exactly as the Hugging Face
/// pre-tokenizer cuts it, and the pieces of any byte string, put together, are that string.
/// (Letters that Unicode added after version 14 may count as "other": the classes are those of the PCRE2 in use.)
///
/// Source: Radford et al., "Language Models are Unsupervised Multitask Learners", 2019, section 2.2 and released code.
class PieceSplitter {
 public:
  /// `text` must outlive the splitter.
  explicit PieceSplitter(std::string_view text, SplitPattern pattern = SplitPattern::gpt2);
  ~PieceSplitter();
  PieceSplitter(const PieceSplitter&) = delete;
  PieceSplitter& operator=(const PieceSplitter&) = delete;

  /// The next piece, or an empty one at the end of the text.
  std::string_view next();

 private:
  struct CompiledPattern;
  struct MatchData;

  static const CompiledPattern& compiled(SplitPattern pattern);

  std::string_view take_invalid();
  std::string_view match_piece();

  std::string_view rest_;
  std::string_view stretch_;  ///< valid UTF-8 that is being cut
  std::size_t offset_ = 0;    ///< within the stretch
  const CompiledPattern* pattern_;
  std::unique_ptr<MatchData> match_;
};

/// A place at or after `from` where text may be cut in two whose pieces, put together, are the pieces of the whole:
/// before a space that follows a printable ASCII character, or a newline that follows an ASCII letter or digit. In
/// every pattern a piece ends there. text.size() if there is no such place.
std::size_t safe_cut(std::string_view text, std::size_t from);

}  // namespace octet
