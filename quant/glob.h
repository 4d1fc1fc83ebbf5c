#pragma once

#include <string>
#include <string_view>

namespace octet {

/// Whether `text` matches `pattern` as a whole: `*` stands for any characters, dots included, and `?` for one.
bool glob_match(std::string_view pattern, std::string_view text);

/// Whether a pattern of a recipe names the layer of this dotted path, or its weight.
bool names_layer(std::string_view pattern, const std::string& path);

}  // namespace octet
