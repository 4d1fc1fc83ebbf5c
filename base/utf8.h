#pragma once

#include <string_view>

namespace octet {

/// Whether `text` is well-formed UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF
/// (The Unicode Standard, table 3-7).
bool is_valid_utf8(std::string_view text);

}  // namespace octet
