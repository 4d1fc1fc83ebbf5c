#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace octet {

/// GPT-2's way to write any byte string as printable text, used in tokenizer files. The bytes 33-126, 161-172 and
/// 174-255 stand for themselves as code points; the other 68, in increasing order, become U+0100, U+0101, ...
/// A space therefore reads `Ġ` and a newline `Ċ`.
/// Source: Radford et al., "Language Models are Unsupervised Multitask Learners", 2019, released code
/// (`bytes_to_unicode`).

/// The 256 bytes in the order of their characters: the printable ones first. The byte at place i has token id i.
const std::array<unsigned char, 256>& byte_order();

std::string bytes_to_printable(std::string_view bytes);

/// Nothing if `text` holds a character that stands for no byte.
std::optional<std::string> printable_to_bytes(std::string_view text);

}  // namespace octet
