#include "base/shown_text.h"

#include <algorithm>
#include <cstddef>

#include <fmt/core.h>

#include "base/ascii.h"
#include "base/sha256.h"
#include "base/utf8.h"

namespace octet {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

// A file system takes 255 bytes; temporary names and endings add some (base/files/hidden_name.h).
constexpr std::size_t kLongestFileName = 100;
constexpr std::size_t kHashDigits = 8;

bool is_plain(char c) {
  return is_letter(c) || is_digit(c) || c == '-' || c == '_';
}

}  // namespace

bool is_steering(char32_t c) {
  const bool control = (c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7F && c <= 0x9F);
  const bool direction =
      c == 0x61C || c == 0x200E || c == 0x200F || (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
  const bool noncharacter = (c >= 0xFDD0 && c <= 0xFDEF) || (c & 0xFFFE) == 0xFFFE;
  return control || direction || noncharacter;
}

std::string shown_text(std::string_view text) {
  std::string shown;
  while (!text.empty()) {
    const CodePoint point = read_utf8(text);
    const auto length = static_cast<std::size_t>(std::max(point.length, 1));
    shown += point.length == 0 || is_steering(point.value) ? kReplacement : text.substr(0, length);
    text.remove_prefix(length);
  }
  return shown;
}

std::string excerpt(std::string_view text) {
  constexpr std::size_t kLongestExcerpt = 60;
  std::size_t end = std::min(text.size(), kLongestExcerpt);
  if (end < text.size()) {
    // Step back to the start of the UTF-8 character that the cut falls into.
    while (end > 0 && is_utf8_continuation(text[end])) --end;
  }
  std::string line = shown_text(text.substr(0, end)) + (end < text.size() ? "..." : "");
  std::replace_if(
      line.begin(), line.end(), [](char c) { return c == '\n' || c == '\t'; }, ' ');
  return line;
}

std::string name_rule_broken(std::string_view name) {
  if (name.find_first_not_of(' ') == std::string_view::npos) return "a name that is not empty or blank";
  if (name.size() > kLongestName) return fmt::format("a name of at most {} bytes", kLongestName);
  if (!is_valid_utf8(name)) return "a name in UTF-8";
  if (shown_text(name) != name || name.find_first_of("\n\t") != std::string_view::npos) {
    return "a name without control characters";
  }
  return "";
}

std::string file_name_for(std::string_view name) {
  std::string plain;
  for (const char c : name) {
    if (is_plain(c)) {
      plain += c;
    } else if (plain.empty() || plain.back() != '_') {
      plain += '_';
    }
  }
  if (plain == name && name.size() <= kLongestFileName && !name.empty()) {
    return plain;
  }
  plain.resize(std::min(plain.size(), kLongestFileName - kHashDigits - 1));
  return plain + "-" + sha256_hex(name).substr(0, kHashDigits);
}

}  // namespace octet
