#include "eval/report/html.h"

#include <fmt/format.h>

#include "eval/report/report.h"
#include "eval/report/sections/section.h"
#include "eval/report/summary.h"

namespace octet {

std::string report_to_html(const Report& report, const std::filesystem::path& folder) {
  std::string summary;
  for (const std::string& sentence : summarize_run(report)) summary += escape_html(sentence) + " ";

  std::string html = fmt::format(R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Octet report: {0}</title>
<style>{1}</style>
</head>
<body>
<header>
<p class="brand">Octet report</p>
<h1>{0}</h1>
<p class="lead">{2}</p>
</header>
<main>
)",
                                 escape_html(report.name), report_style(), summary);
  for (const ReportSection& section : report_sections()) {
    if (section.html != nullptr) html += section.html(report, folder);
  }
  return html + "</main>\n</body>\n</html>\n";
}

}  // namespace octet
