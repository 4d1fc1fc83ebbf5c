#include "base/config/yaml_check.h"

#include <algorithm>

#include "base/error.h"
#include "base/utf8.h"

namespace octet {
namespace {

constexpr char32_t kMarkOfByteOrder = 0xFEFF;

std::ptrdiff_t line_of(const std::string& text, std::size_t at) {
  return 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n');
}

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/// Behind an anchor ("&name") or a lone "!" and the space and comments that follow it.
std::size_t behind_properties(const std::string& text, std::size_t at) {
  while (at < text.size()) {
    if (text[at] == '&' || text[at] == '!') {
      while (at < text.size() && !is_blank(text[at])) ++at;
    } else if (is_blank(text[at])) {
      ++at;
    } else if (text[at] == '#') {
      at = std::min(text.find('\n', at), text.size());
    } else {
      break;
    }
  }
  return at;
}

}  // namespace

void check_yaml_lines(const std::string& text, const std::string& name) {
  int line = 1;
  bool line_begins = true;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = read_utf8(std::string_view(text).substr(at));
    if (point.length == 0) fail(ErrorKind::config, "{}:{}: expected UTF-8 text", name, line);
    const char32_t c = point.value;
    if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || (c >= 0x80 && c < 0xA0)) {
      fail(ErrorKind::config, "{}:{}: expected text, found the control character U+{:04X}", name, line,
           static_cast<unsigned>(c));
    }
    if (c == kMarkOfByteOrder && at > 0) {
      fail(ErrorKind::config, "{}:{}: a byte order mark (U+FEFF) within the text", name, line);
    }
    if (c == '\r' && (at + 1 == text.size() || text[at + 1] != '\n')) {
      fail(ErrorKind::config, "{}:{}: a carriage return without a line feed", name, line);
    }
    if (c == '%' && line_begins) fail(ErrorKind::config, "{}:{}: YAML directives (%...) are not supported", name, line);
    line_begins = c == '\n';
    line += c == '\n' ? 1 : 0;
    at += static_cast<std::size_t>(point.length);
  }
}

YamlSpan quoted_span(const std::string& text, std::size_t at, const std::string& name) {
  const std::size_t begin = behind_properties(text, at);
  if (begin >= text.size()) return {begin, begin};
  const char quote = text[begin];
  if (quote == '|' || quote == '>') return {begin, begin + 1};
  if (quote != '"' && quote != '\'') return {begin, begin};
  std::size_t end = begin + 1;
  while (end < text.size()) {
    // Two single quotes are one within the text.
    const bool escaped = quote == '"' ? text[end] == '\\' : text.compare(end, 2, "''") == 0;
    if (!escaped && text[end] == quote) break;
    end += escaped ? 2 : 1;
  }
  if (end >= text.size()) {
    fail(ErrorKind::config, "{}:{}: expected a closing {} for the quote opened here, found the end of the text", name,
         line_of(text, begin), quote);
  }
  ++end;
  const std::string_view allowed = " \t\r\n,]}:";
  if (end < text.size() && allowed.find(text[end]) == std::string_view::npos) {
    fail(ErrorKind::config, "{}:{}: expected the end of the value after the closing {}, found \"{}\"", name,
         line_of(text, end), quote, text.substr(end, std::min(text.find('\n', end), text.size()) - end));
  }
  return {begin, end};
}

void check_yaml_tabs(const std::string& text, const std::vector<YamlSpan>& free_form, const std::string& name) {
  auto span = free_form.begin();
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    const std::size_t content = std::min(text.find_first_not_of(" \t\r", start), end);
    while (span != free_form.end() && span->end <= start) ++span;
    const bool within = span != free_form.end() && span->begin < start;
    const bool blank = content == end || text[content] == '#';
    if (!within && !blank && text.find('\t', start) < content) {
      fail(ErrorKind::config, "{}:{}: expected spaces as indentation, found a tab", name, line_of(text, start));
    }
    start = end + 1;
  }
}

}  // namespace octet
