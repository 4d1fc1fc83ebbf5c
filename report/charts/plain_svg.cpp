#include "report/charts/plain_svg.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"

namespace octet {

namespace {

constexpr std::array<std::string_view, 21> kElements = {
    "circle", "defs",           "desc",  "ellipse", "feComposite", "feFlood",  "filter", "g",
    "line",   "linearGradient", "path",  "pattern", "polygon",     "polyline", "rect",   "stop",
    "svg",    "text",           "title", "tspan",   "use"};

constexpr std::string_view kBlanks = " \t\r\n";

bool is_name(char c) {
  return is_letter(c) || is_digit(c) || c == '-' || c == ':' || c == '_';
}

/// Takes the name that `text` begins with.
std::string_view take_name(std::string_view& text) {
  const auto end = std::find_if_not(text.begin(), text.end(), is_name);
  const std::string_view name = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(name.size());
  return name;
}

void skip_blanks(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
}

bool is_plain_attribute(std::string_view name, std::string_view value) {
  const bool handler = name.size() > 1 && (name[0] | 0x20) == 'o' && (name[1] | 0x20) == 'n';
  const bool reference = name == "href" || name == "xlink:href";
  if (name.empty() || handler || name == "style" || name == "src" || (reference && !value.starts_with("#"))) {
    return false;
  }
  for (std::size_t at = value.find("url("); at != std::string_view::npos; at = value.find("url(", at + 1)) {
    if (value.substr(at + 4, 1) != "#") return false;
  }
  // Another way to write the marks that are looked for here.
  return value.find('\\') == std::string_view::npos && (!reference || value.find('&') == std::string_view::npos);
}

/// Takes the attributes up to the end of the tag. False where they are not plain or the tag has no end.
bool take_plain_attributes(std::string_view& text) {
  while (true) {
    skip_blanks(text);
    if (text.starts_with("/>") || text.starts_with(">")) {
      text.remove_prefix(text.find('>') + 1);
      return true;
    }
    const std::string_view name = take_name(text);
    skip_blanks(text);
    if (!text.starts_with("=")) return false;
    text.remove_prefix(1);
    skip_blanks(text);
    if (!text.starts_with("\"") && !text.starts_with("'")) return false;
    const std::size_t end = text.find(text[0], 1);
    if (end == std::string_view::npos || !is_plain_attribute(name, text.substr(1, end - 1))) return false;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

bool is_plain_svg(std::string_view body) {
  for (std::size_t tag = body.find('<'); tag != std::string_view::npos; tag = body.find('<')) {
    body.remove_prefix(tag + 1);
    if (body.starts_with("/")) body.remove_prefix(1);
    const std::string_view element = take_name(body);
    if (std::find(kElements.begin(), kElements.end(), element) == kElements.end() || !take_plain_attributes(body)) {
      return false;
    }
  }
  return true;
}

}  // namespace octet
