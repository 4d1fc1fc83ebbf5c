#include <fmt/format.h>

#include "base/utf8.h"
#include "eval/report_html.h"

namespace octet {

namespace {

constexpr const char* kReplacement = "\xEF\xBF\xBD";

/// Bytes of the well-formed character at the start of `text`; 0 where it is broken.
std::size_t character_length(std::string_view text) {
  for (std::size_t length = 1; length <= 4 && length <= text.size(); ++length) {
    if (is_valid_utf8(text.substr(0, length))) return length;
  }
  return 0;
}

std::string escape_character(std::string_view character) {
  if (character == "&") return "&amp;";
  if (character == "<") return "&lt;";
  if (character == ">") return "&gt;";
  if (character == "\"") return "&quot;";
  if (character == "'") return "&#39;";
  const auto byte = static_cast<unsigned char>(character[0]);
  const bool control = byte < 0x20 && byte != '\n' && byte != '\t';
  return control || byte == 0x7F ? kReplacement : std::string(character);
}

}  // namespace

std::string escape_html(std::string_view text) {
  std::string escaped;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = character_length(text.substr(at));
    escaped += length == 0 ? kReplacement : escape_character(text.substr(at, length));
    at += length == 0 ? 1 : length;
  }
  return escaped;
}

std::string html_table(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows,
                       std::size_t text_columns, std::string_view css_class) {
  const auto mark = [&](std::size_t column) { return column < text_columns ? " class=\"text\"" : ""; };
  std::string html = fmt::format("<div class=\"scroll\"><table class=\"{}\">\n<thead><tr>", css_class);
  for (std::size_t c = 0; c < header.size(); ++c) html += fmt::format("<th{}>{}</th>", mark(c), header[c]);
  html += "</tr></thead>\n<tbody>\n";
  for (const std::vector<std::string>& row : rows) {
    html += "<tr>";
    for (std::size_t c = 0; c < row.size(); ++c) html += fmt::format("<td{}>{}</td>", mark(c), row[c]);
    html += "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

}  // namespace octet
