#include "base/wrap_text.h"

#include <algorithm>

#include "base/text_columns.h"

namespace octet {

std::string wrapped(std::string_view text, std::size_t columns) {
  std::string lines;
  std::size_t used = 0;  // columns of the last line
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(" \n"), text.size());
    const std::string_view word = text.substr(0, end);
    const std::size_t width = display_width(word);
    if (used > 0 && used + 1 + width > columns) {
      lines.back() = '\n';  // in place of the space
      used = 0;
    }
    lines += word;
    used = used == 0 ? width : used + 1 + width;
    if (end == text.size()) break;
    lines += text[end];
    if (text[end] == '\n') used = 0;
    text.remove_prefix(end + 1);
  }
  return lines;
}

}  // namespace octet
