#pragma once

#include <string_view>

namespace octet {

/// Whether `text` matches `pattern` as a whole: `*` stands for any characters, dots included, and `?` for one.
bool glob_match(std::string_view pattern, std::string_view text);

}  // namespace octet
