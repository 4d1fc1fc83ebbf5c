#include "base/utf8.h"

namespace octet {

namespace {

/// Smallest value that needs 2, 3 and 4 bytes; anything below it in that many bytes is overlong.
constexpr char32_t kSmallest[5] = {0, 0, 0x80, 0x800, 0x10000};

int sequence_length(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return 2;
  if (lead >= 0xE0 && lead <= 0xEF) return 3;
  if (lead >= 0xF0 && lead <= 0xF4) return 4;
  return 0;
}

}  // namespace

CodePoint read_utf8(std::string_view text) {
  if (text.empty()) return {};
  const auto lead = static_cast<unsigned char>(text[0]);
  const int length = sequence_length(lead);
  if (length == 0 || static_cast<std::size_t>(length) > text.size()) return {};
  if (length == 1) return {lead, 1};
  char32_t value = lead & (0x7Fu >> length);
  for (int i = 1; i < length; ++i) {
    const char byte = text[static_cast<std::size_t>(i)];
    if (!is_utf8_continuation(byte)) return {};
    value = (value << 6) | (static_cast<unsigned char>(byte) & 0x3Fu);
  }
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (value < kSmallest[length] || value > 0x10FFFF || surrogate) return {};
  return {value, length};
}

std::size_t valid_utf8_prefix(std::string_view text) {
  std::size_t end = 0;
  while (end < text.size()) {
    const CodePoint next = read_utf8(text.substr(end));
    if (next.length == 0) break;
    end += static_cast<std::size_t>(next.length);
  }
  return end;
}

void append_utf8(std::string& out, char32_t code_point) {
  const auto tail = [&](int shift) { out += static_cast<char>(0x80u | ((code_point >> shift) & 0x3Fu)); };
  if (code_point < 0x80) {
    out += static_cast<char>(code_point);
  } else if (code_point < 0x800) {
    out += static_cast<char>(0xC0u | (code_point >> 6));
    tail(0);
  } else if (code_point < 0x10000) {
    out += static_cast<char>(0xE0u | (code_point >> 12));
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xF0u | (code_point >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

}  // namespace octet
