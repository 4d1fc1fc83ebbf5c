#include "base/text_columns.h"

#include <algorithm>
#include <array>

#include "base/shown_text.h"
#include "base/utf8.h"

namespace octet {
namespace {

struct CodePoints {
  char32_t first, last;
};

// The blocks that matter for names, of Unicode's EastAsianWidth.txt (W and F) and of its combining marks.
constexpr std::array<CodePoints, 8> kWide = {{{0x1100, 0x115F},
                                              {0x2E80, 0x303E},
                                              {0x3041, 0xA4CF},
                                              {0xAC00, 0xD7A3},
                                              {0xF900, 0xFAFF},
                                              {0xFE30, 0xFE6F},
                                              {0xFF00, 0xFF60},
                                              {0x1F300, 0x3FFFD}}};
constexpr std::array<CodePoints, 5> kCombining = {
    {{0x300, 0x36F}, {0x1AB0, 0x1AFF}, {0x200B, 0x200D}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}}};

template <typename Ranges>
bool is_in(const Ranges& ranges, char32_t c) {
  return std::any_of(ranges.begin(), ranges.end(), [c](const CodePoints& r) { return c >= r.first && c <= r.last; });
}

std::size_t width_of(char32_t c) {
  return is_in(kCombining, c) ? 0 : is_in(kWide, c) ? 2 : 1;
}

}  // namespace

std::string one_line(std::string_view text) {
  std::string line = shown_text(text);
  std::replace_if(
      line.begin(), line.end(), [](char c) { return c == '\n' || c == '\t'; }, ' ');
  return line;
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const CodePoint point = read_utf8(text);
    width += point.length == 0 ? 1 : width_of(point.value);
    text.remove_prefix(static_cast<std::size_t>(std::max(point.length, 1)));
  }
  return width;
}

std::string shortened(std::string_view text, std::size_t columns) {
  const std::string line = one_line(text);
  if (display_width(line) <= columns) return line;
  std::size_t bytes = 0, width = 0;
  for (std::string_view rest = line; !rest.empty();) {
    const CodePoint point = read_utf8(rest);  // one_line leaves nothing else than UTF-8
    width += width_of(point.value);
    if (width + 2 > columns) break;
    bytes += static_cast<std::size_t>(point.length);
    rest.remove_prefix(static_cast<std::size_t>(point.length));
  }
  return line.substr(0, bytes) + "..";
}

std::vector<std::size_t> column_widths(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const std::vector<std::string>& row : rows) {
    widths.resize(std::max(widths.size(), row.size()), 0);
    for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], display_width(row[c]));
  }
  return widths;
}

std::string padded(const std::string& text, std::size_t width, char alignment) {
  const std::string spaces(width - std::min(width, display_width(text)), ' ');
  return alignment == '<' ? text + spaces : spaces + text;
}

std::string align_columns(const std::vector<std::vector<std::string>>& rows, std::string_view alignment,
                          std::string_view gap) {
  std::vector<std::vector<std::string>> lines = rows;
  for (std::vector<std::string>& line : lines) {
    line.resize(alignment.size());
    for (std::string& cell : line) cell = one_line(cell);
  }
  const std::vector<std::size_t> widths = column_widths(lines);
  std::string text;
  for (const std::vector<std::string>& cells : lines) {
    std::string line;
    for (std::size_t c = 0; c < cells.size(); ++c) {
      if (c > 0) line += gap;
      line += padded(cells[c], widths[c], alignment[c]);
    }
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

}  // namespace octet
