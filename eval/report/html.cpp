#include "eval/report/html.h"

#include <fmt/format.h>

#include "eval/report/report.h"
#include "eval/report/sections/section.h"
#include "eval/report/summary.h"

namespace octet {

std::string html_page(std::string_view brand, std::string_view title, const std::string& lead,
                      const std::string& main) {
  return fmt::format(R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
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
<main>
{4}</main>
</body>
</html>
)",
                     escape_html(brand), escape_html(title), report_style(), lead, main);
}

std::string report_to_html(const Report& report, const std::filesystem::path& folder) {
  std::string summary;
  for (const std::string& sentence : summarize_run(report)) summary += escape_html(sentence) + " ";
  std::string sections;
  for (const ReportSection& section : report_sections()) {
    if (section.html != nullptr) sections += section.html(report, folder);
  }
  return html_page("Octet report", report.name, summary, sections);
}

}  // namespace octet
