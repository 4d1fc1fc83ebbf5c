#include "report/page/html.h"

#include <fmt/format.h>

#include "base/base64.h"
#include "base/sha256.h"
#include "report/run/report.h"
#include "report/run/sections/charts.h"
#include "report/run/summary.h"

namespace octet {
namespace {

std::string contents_list(const std::vector<PagePart>& contents) {
  if (contents.empty()) return "";
  std::string links;
  for (const PagePart& part : contents) {
    links += fmt::format("<li><a href=\"#{}\">{}</a></li>\n", escape_html(part.id), escape_html(part.title));
  }
  return "<nav aria-label=\"Contents\"><ul>\n" + links + "</ul></nav>\n";
}

std::string bytes_of_hex(const std::string& hex) {
  std::string bytes;
  for (std::size_t at = 0; at + 1 < hex.size(); at += 2) {
    bytes += static_cast<char>(std::stoi(hex.substr(at, 2), nullptr, 16));
  }
  return bytes;
}

/// What the browser may do for this page: show it, with its own style and its own script.
std::string content_policy() {
  return fmt::format("default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{}'",
                     base64_of(bytes_of_hex(sha256_hex(report_script()))));
}

}  // namespace

std::string html_page(std::string_view brand, std::string_view title, const std::string& lead, const std::string& main,
                      const std::vector<PagePart>& contents) {
  return fmt::format(R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{6}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{0}: {1}</title>
<style>{2}</style>
</head>
<body>
<header>
<p class="brand">{0}</p>
<h1>{1}</h1>
<p class="lead">{3}</p>
</header>
{5}<main>
{4}</main>
<script>{7}</script>
</body>
</html>
)",
                     escape_html(brand), escape_html(title), report_style(), lead, main, contents_list(contents),
                     content_policy(), report_script());
}

std::string report_to_html(const Report& report, const std::filesystem::path& folder) {
  std::string summary, main;
  std::vector<PagePart> contents;
  for (const std::string& sentence : summarize_run(report)) summary += escape_html(sentence) + " ";
  for (const ReportSection& section : report_sections()) {
    std::string body = section.html != nullptr ? section.html(report, folder) : "";
    if (section.draw != nullptr) body = with_figures(body, figures_html(report, section.id, folder));
    if (std::string_view(section.title).empty()) {
      main += body;
    } else if (!body.empty()) {
      main += html_section(section.id, section.title, body);
      contents.push_back({section.id, section.title});
    }
  }
  return html_page("Octet report", report.name, summary, main, contents);
}

}  // namespace octet
