#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace octet {

/// U+FEFF, which may stand in front of a text and is none of it.
inline constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// One code point read from the front of a byte string; `length` 0 means that the bytes there are not UTF-8.
struct CodePoint {
  char32_t value = 0;
  int length = 0;  ///< bytes, 1 to 4
};

/// Reads the first code point of `text`. Strict: overlong forms, surrogates and values above U+10FFFF are not
/// UTF-8. Source: RFC 3629, section 4.
CodePoint read_utf8(std::string_view text);

/// Whether `byte` can only stand inside of a character of several bytes.
inline bool is_utf8_continuation(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0u) == 0x80u;
}

/// Number of bytes at the front of `text` that are valid UTF-8.
std::size_t valid_utf8_prefix(std::string_view text);

inline bool is_valid_utf8(std::string_view text) {
  return valid_utf8_prefix(text) == text.size();
}

void append_utf8(std::string& out, char32_t code_point);

}  // namespace octet
