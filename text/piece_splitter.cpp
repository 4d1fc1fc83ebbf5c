#define PCRE2_CODE_UNIT_WIDTH 8

#include "text/piece_splitter.h"

#include <algorithm>
#include <string>

#include <pcre2.h>

#include "base/error.h"
#include "base/utf8.h"

namespace octet {

namespace {

/// Unicode White_Space. Spelled out because PCRE2's \s also takes U+180E, which left that class in Unicode 6.3.
constexpr const char* kSpace =
    R"(\x{9}-\x{d}\x{20}\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000})";

std::string split_pattern() {
  const std::string space = kSpace;
  return R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^)" + space + R"(\p{L}\p{N}]+|[)" + space + "]+(?![^" + space +
         "])|[" + space + "]+";
}

/// The compiled pattern: made once, only read afterwards, so that threads may share it.
const pcre2_code* compiled_pattern() {
  static const pcre2_code* const code = [] {
    const std::string pattern = split_pattern();
    int error = 0;
    PCRE2_SIZE offset = 0;
    pcre2_code* compiled = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(), PCRE2_UTF,
                                         &error, &offset, nullptr);
    check(compiled != nullptr, "[tokenizer] PCRE2 refuses the split pattern: error {} at {}", error, offset);
    // Where no just-in-time compiler is at hand this fails, and matching runs interpreted: slower, same result.
    pcre2_jit_compile(compiled, PCRE2_JIT_COMPLETE);
    return compiled;
  }();
  return code;
}

}  // namespace

struct PieceSplitter::MatchData {
  pcre2_match_data* data = pcre2_match_data_create_from_pattern(compiled_pattern(), nullptr);

  MatchData() { check(data != nullptr, "[tokenizer] no memory for PCRE2 match data"); }
  ~MatchData() { pcre2_match_data_free(data); }
  MatchData(const MatchData&) = delete;
  MatchData& operator=(const MatchData&) = delete;
};

PieceSplitter::PieceSplitter(std::string_view text) : rest_(text), match_(std::make_unique<MatchData>()) {}

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
  const int found = pcre2_match(compiled_pattern(), reinterpret_cast<PCRE2_SPTR>(stretch_.data()), stretch_.size(),
                                offset_, PCRE2_NO_UTF_CHECK, match_->data, nullptr);
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
    if ((text[cut] == ' ' || text[cut] == '\n') && before > ' ' && before < 127) return cut;
  }
  return text.size();
}

}  // namespace octet
