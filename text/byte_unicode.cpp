#include "text/byte_unicode.h"

#include "base/utf8.h"

namespace octet {

namespace {

constexpr char32_t kFirstSubstitute = 0x100;

bool stands_for_itself(int byte) {
  return (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
}

struct Table {
  std::array<unsigned char, 256> order;
  std::array<char32_t, 256> character;

  Table() {
    std::size_t place = 0;
    for (int byte = 0; byte < 256; ++byte) {
      if (!stands_for_itself(byte)) continue;
      order[place++] = static_cast<unsigned char>(byte);
      character[static_cast<std::size_t>(byte)] = static_cast<char32_t>(byte);
    }
    char32_t substitute = kFirstSubstitute;
    for (int byte = 0; byte < 256; ++byte) {
      if (stands_for_itself(byte)) continue;
      order[place++] = static_cast<unsigned char>(byte);
      character[static_cast<std::size_t>(byte)] = substitute++;
    }
  }
};

const Table& table() {
  static const Table instance;
  return instance;
}

std::optional<unsigned char> byte_of(char32_t character) {
  if (character < 256) {
    if (!stands_for_itself(static_cast<int>(character))) return std::nullopt;
    return static_cast<unsigned char>(character);
  }
  constexpr std::size_t kThemselves = 188;
  const std::size_t place = kThemselves + (character - kFirstSubstitute);
  if (place >= 256) return std::nullopt;
  return table().order[place];
}

}  // namespace

const std::array<unsigned char, 256>& byte_order() {
  return table().order;
}

std::string bytes_to_printable(std::string_view bytes) {
  std::string out;
  for (const char byte : bytes) append_utf8(out, table().character[static_cast<unsigned char>(byte)]);
  return out;
}

std::optional<std::string> printable_to_bytes(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const CodePoint next = read_utf8(text);
    if (next.length == 0) return std::nullopt;
    const auto byte = byte_of(next.value);
    if (!byte) return std::nullopt;
    out += static_cast<char>(*byte);
    text.remove_prefix(static_cast<std::size_t>(next.length));
  }
  return out;
}

}  // namespace octet
