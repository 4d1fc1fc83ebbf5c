#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace octet {

/// `text` with line feeds in place of spaces, so that no line is wider than `columns` (display_width) but those of one
/// long word. Line feeds that are there stay.
std::string wrapped(std::string_view text, std::size_t columns);

}  // namespace octet
