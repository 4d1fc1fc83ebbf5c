#include <fmt/format.h>

#include "base/shown_text.h"
#include "report/page/html.h"

namespace octet {

std::string escape_html(std::string_view text) {
  std::string escaped;
  for (const char c : shown_text(text)) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
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

std::string html_split_brackets(const std::string& value) {
  const std::size_t bracket = value.find(" (");
  if (bracket == std::string::npos) return escape_html(value);
  return fmt::format("{}<span class=\"interval\">{}</span>", escape_html(value.substr(0, bracket)),
                     escape_html(value.substr(bracket + 2, value.size() - bracket - 3)));
}

std::string html_section(const char* id, const char* title, const std::string& body) {
  if (body.empty()) return "";
  return fmt::format("<section id=\"{}\">\n<h2>{}</h2>\n{}</section>\n", id, title, body);
}

std::string html_details(const std::string& summary, const std::string& body, const char* css_class) {
  return fmt::format("<details class=\"{}\"><summary>{}</summary>{}</details>\n", css_class, summary, body);
}

}  // namespace octet
