#pragma once

#include <memory>
#include <string_view>

namespace octet {

/// Cuts text into the pieces that byte-pair encoding works inside of: words with the space before them, numbers,
/// punctuation, white space, English contractions. Merges never cross a piece.
///
/// GPT-2's pattern, where L is a Unicode letter, N a Unicode number and S Unicode white space:
///
///     's|'t|'re|'ve|'m|'ll|'d| ?L+| ?N+| ?[^SLN]+|S+(?!not S)|S+
///
/// Text need not be UTF-8. The pattern is matched inside each maximal stretch of valid UTF-8, as if the text ended
/// there, and each maximal stretch of other bytes is one piece. So valid text is cut exactly as the Hugging Face
/// ByteLevel pre-tokenizer cuts it, and the pieces of any byte string, put together, are that string.
/// (Letters that Unicode added after version 14 may count as "other": the classes are those of the PCRE2 in use.)
///
/// Source: Radford et al., "Language Models are Unsupervised Multitask Learners", 2019, section 2.2 and released code.
class PieceSplitter {
 public:
  /// `text` must outlive the splitter.
  explicit PieceSplitter(std::string_view text);
  ~PieceSplitter();
  PieceSplitter(const PieceSplitter&) = delete;
  PieceSplitter& operator=(const PieceSplitter&) = delete;

  /// The next piece, or an empty one at the end of the text.
  std::string_view next();

 private:
  struct MatchData;

  std::string_view take_invalid();
  std::string_view match_piece();

  std::string_view rest_;
  std::string_view stretch_;  ///< valid UTF-8 that is being cut
  std::size_t offset_ = 0;    ///< within the stretch
  std::unique_ptr<MatchData> match_;
};

/// A place at or after `from` where text may be cut in two whose pieces, put together, are the pieces of the whole:
/// before a space or newline that follows a printable ASCII character. Every piece is white space, or ends before
/// the next white space, so one always ends there. text.size() if there is no such place.
std::size_t safe_cut(std::string_view text, std::size_t from);

}  // namespace octet
