#include <algorithm>

#include "base/ascii.h"
#include "base/shown_text.h"
#include "base/text_columns.h"
#include "report/page/markdown.h"

namespace octet {
namespace {

/// What would make a block of its own at the start of a line: a quote, a list, a heading, a rule, a fence.
bool opens_a_block(const std::string& text, std::size_t at) {
  if (at == 0) return std::string_view("-+>=:").find(text[0]) != std::string_view::npos;
  const bool ends_a_number = text[at] == '.' || text[at] == ')';
  return ends_a_number && std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), is_digit);
}

/// What GitHub and others make links of without any mark: `https://`, `www.`.
bool opens_a_link(const std::string& text, std::size_t at) {
  return text.compare(at, 3, "://") == 0 || (text[at] == '.' && at >= 3 && text.compare(at - 3, 3, "www") == 0);
}

}  // namespace

std::string escape_markdown(std::string_view foreign) {
  std::string text = one_line(foreign);
  text.erase(0, std::min(text.find_first_not_of(' '), text.size()));  // four spaces would make it code
  std::string escaped;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '<') {
      escaped += "&lt;";
    } else if (c == '&') {
      escaped += "&amp;";
    } else {
      const bool is_mark = std::string_view("|*_`[]\\#~$@").find(c) != std::string_view::npos;
      if (is_mark || opens_a_block(text, at) || opens_a_link(text, at)) escaped += '\\';
      escaped += c;
    }
  }
  return escaped;
}

std::string markdown_row(const std::vector<std::string>& cells) {
  std::string line = "|";
  for (const std::string& cell : cells) line += " " + cell + " |";
  return line + "\n";
}

std::string markdown_header(const std::vector<std::string>& names) {
  std::string line = "|";
  for (std::size_t i = 0; i < names.size(); ++i) line += i == 0 ? " --- |" : " ---: |";
  return markdown_row(names) + line + "\n";
}

std::string markdown_code(const std::string& foreign, const char* language) {
  const std::string text = shown_text(foreign);
  std::size_t longest = 0;
  std::size_t run = 0;
  for (const char c : text) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  const std::string fence(std::max<std::size_t>(3, longest + 1), '`');
  return fence + language + "\n" + text + (text.ends_with('\n') ? "" : "\n") + fence + "\n\n";
}

}  // namespace octet
