#define PCRE2_CODE_UNIT_WIDTH 8

#include "text/piece_splitter.h"

#include <algorithm>
#include <string>

#include <pcre2.h>

#include "base/ascii.h"
#include "base/error.h"
#include "base/utf8.h"

namespace octet {

namespace {

bool is_letter_or_digit(char c) {
  return is_letter(c) || is_digit(c);
}

}  // namespace

/// Made once for each pattern, only read afterwards, so that threads may share it.
struct PieceSplitter::CompiledPattern {
  pcre2_code* code = nullptr;

  explicit CompiledPattern(SplitPattern which) {
    const std::string pattern = pcre2_pattern(which);
    int error = 0;
    PCRE2_SIZE offset = 0;
    code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(), PCRE2_UTF, &error, &offset,
                         nullptr);
    check(code != nullptr, "[tokenizer] PCRE2 refuses the split pattern: error {} at {}", error, offset);
    // Where no just-in-time compiler is at hand this fails, and matching runs interpreted: slower, same result.
    pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
  }
};

struct PieceSplitter::MatchData {
  pcre2_match_data* data;

  explicit MatchData(const CompiledPattern& pattern)
      : data(pcre2_match_data_create_from_pattern(pattern.code, nullptr)) {
    check(data != nullptr, "[tokenizer] no memory for PCRE2 match data");
  }
  ~MatchData() { pcre2_match_data_free(data); }
  MatchData(const MatchData&) = delete;
  MatchData& operator=(const MatchData&) = delete;
};

const PieceSplitter::CompiledPattern& PieceSplitter::compiled(SplitPattern pattern) {
  switch (pattern) {
    case SplitPattern::smollm: {
      static const CompiledPattern smollm(SplitPattern::smollm);
      return smollm;
    }
    case SplitPattern::llama_bpe: {
      static const CompiledPattern llama_bpe(SplitPattern::llama_bpe);
      return llama_bpe;
    }
    case SplitPattern::qwen2: {
      static const CompiledPattern qwen2(SplitPattern::qwen2);
      return qwen2;
    }
    case SplitPattern::gpt2:
      break;
  }
  static const CompiledPattern gpt2(SplitPattern::gpt2);
  return gpt2;
}

PieceSplitter::PieceSplitter(std::string_view text, SplitPattern pattern)
    : rest_(text), pattern_(&compiled(pattern)), match_(std::make_unique<MatchData>(*pattern_)) {}

PieceSplitter::~PieceSplitter() = default;

std::string_view PieceSplitter::next() {
  if (offset_ == stretch_.size()) {
    if (rest_.empty()) return {};
    const std::size_t valid = valid_utf8_prefix(rest_);
    if (valid == 0) return take_invalid();
    stretch_ = rest_.substr(0, valid);
    rest_.remove_prefix(valid);
    offset_ = 0;
  }
  return match_piece();
}

std::string_view PieceSplitter::take_invalid() {
  std::size_t length = 1;
  while (length < rest_.size() && read_utf8(rest_.substr(length)).length == 0) ++length;
  const std::string_view piece = rest_.substr(0, length);
  rest_.remove_prefix(length);
  return piece;
}

std::string_view PieceSplitter::match_piece() {
  const int found = pcre2_match(pattern_->code, reinterpret_cast<PCRE2_SPTR>(stretch_.data()), stretch_.size(), offset_,
                                PCRE2_NO_UTF_CHECK, match_->data, nullptr);
  const PCRE2_SIZE* range = pcre2_get_ovector_pointer(match_->data);
  // Every character starts one of the alternatives, so anything but a match right here is a failure of PCRE2.
  check(found > 0 && range[0] == offset_ && range[1] > offset_,
        "[tokenizer] PCRE2 found no piece at byte {}: result {}", offset_, found);
  const std::string_view piece = stretch_.substr(offset_, range[1] - offset_);
  offset_ = range[1];
  return piece;
}

std::size_t safe_cut(std::string_view text, std::size_t from) {
  for (std::size_t cut = std::max<std::size_t>(from, 1); cut < text.size(); ++cut) {
    const char before = text[cut - 1];
    if (text[cut] == ' ' && before > ' ' && before < 127) return cut;
    if (text[cut] == '\n' && is_letter_or_digit(before)) return cut;
  }
  return text.size();
}

}  // namespace octet
