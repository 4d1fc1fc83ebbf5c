#include "eval/report/html.h"

#include <cmath>

#include <fmt/format.h>

#include "eval/report/text.h"

namespace octet {

namespace {

/// The three numbers people ask for first, one card for each quantized model.
std::string cards(const Report& report) {
  std::string html;
  for (std::size_t i = 1; i < report.models.size(); ++i) {
    const ReportModel& model = report.models[i];
    const double smaller = model.size_ratio > 0 ? 1 / model.size_ratio : kNotMeasured;
    html += fmt::format(
        "<div class=\"card\"><h3>{}</h3><dl>"
        "<div><dt>smaller</dt><dd>{}</dd></div>"
        "<div><dt>perplexity</dt><dd>{}</dd></div>"
        "<div><dt>decode speed</dt><dd>{}</dd></div>"
        "<div><dt>prefill speed</dt><dd>{}</dd></div></dl></div>\n",
        escape_html(model.name), format_times(smaller), format_change(model.ppl_increase.mean),
        format_times(model.decode_speedup), format_times(model.prefill_speedup));
  }
  return html.empty() ? "" : "<div class=\"cards\">" + html + "</div>\n";
}

std::string notices(const Report& report) {
  std::string html;
  for (const std::string& notice : report.notices) html += "<p class=\"notice\">" + escape_html(notice) + "</p>\n";
  return html;
}

std::string section(const char* id, const char* title, const std::string& body) {
  if (body.empty()) return "";
  return fmt::format("<section id=\"{}\">\n<h2>{}</h2>\n{}</section>\n", id, title, body);
}

}  // namespace

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
  html += notices(report);
  html += cards(report);
  html += section("verdict", "Is it as good, how small, how fast?", html_verdicts(report));
  html += section("result", "All numbers side by side", html_headline(report));
  html += section("charts", "Charts", html_charts(report, folder));
  html += section("samples", "What each version writes", html_samples(report));
  html += section("coverage", "What was quantized, and what not", html_coverage(report));
  html += section("outliers", "Outliers", html_outliers(report));
  html += section("facts", "How it was measured", html_facts(report));
  return html + "</main>\n</body>\n</html>\n";
}

}  // namespace octet
