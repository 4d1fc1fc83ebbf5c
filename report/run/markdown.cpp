#include "report/page/markdown.h"

#include <fmt/format.h>

#include "report/run/report.h"
#include "report/run/sections/charts.h"
#include "report/run/summary.h"

namespace octet {
namespace {

std::string section_markdown(const ReportSection& section, const Report& report) {
  const std::string_view title = section.title;
  std::string body = section.markdown != nullptr ? section.markdown(report) : "";
  if (section.draw != nullptr) body = with_figures(body, figures_markdown(report, section.id));
  return body.empty() || title.empty() ? body : fmt::format("## {}\n\n{}", title, body);
}

}  // namespace

std::string report_to_markdown(const Report& report) {
  std::string text = fmt::format("# Octet report: {}\n\n", escape_markdown(report.name));
  for (const std::string& sentence : summarize_run(report)) text += escape_markdown(sentence) + " ";
  text += "\n\n";
  for (const ReportSection& section : report_sections()) text += section_markdown(section, report);
  return text;
}

}  // namespace octet
