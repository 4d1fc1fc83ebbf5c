#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace octet {

// Names in tables: one line each, cut where they are too long, padded by the columns that a terminal gives them.

/// shown_text() on one line: line feeds and tabs become spaces.
std::string one_line(std::string_view text);

/// Columns that a terminal gives to `text`: two for the wide characters of East Asia and for emoji, none for marks that
/// combine with the letter before them, else one for each code point.
std::size_t display_width(std::string_view text);

/// one_line(text), cut to at most `columns` (at least 2), ".." in place of what was cut.
std::string shortened(std::string_view text, std::size_t columns);

/// The display_width of the widest cell of each column. Rows may be short.
std::vector<std::size_t> column_widths(const std::vector<std::vector<std::string>>& rows);

/// `text` filled with spaces to `width` columns: behind it for the alignment '<', before it for '>'.
std::string padded(const std::string& text, std::size_t width, char alignment);

/// A table in which every column is as wide as its widest cell (made one_line), parted by `gap`. `alignment` has one
/// mark for each column: '<' left, '>' right. Spaces at the end of lines are left out. Rows may be short.
std::string align_columns(const std::vector<std::vector<std::string>>& rows, std::string_view alignment,
                          std::string_view gap = "  ");

}  // namespace octet
