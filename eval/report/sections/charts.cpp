#include "eval/report/sections/charts.h"

#include <fmt/format.h>

#include "eval/report/html.h"
#include "eval/report/markdown.h"
#include "eval/report/report.h"

namespace octet {
namespace {

std::string markdown(const Report& report) {
  std::string text;
  for (const Chart& chart : report.charts) {
    text += fmt::format("## {0}\n\n![{0}](charts/{1}.svg)\n\n{2}\n\n", escape_markdown(chart.title), chart.name,
                        escape_markdown(chart.caption));
  }
  return text;
}

std::string html(const Report& report, const std::filesystem::path& folder) {
  std::string figures;
  for (const Chart& chart : report.charts) figures += html_figure(chart, folder);
  return html_section("charts", "Charts", figures);
}

}  // namespace

ReportSection charts_section() {
  return {.markdown = markdown, .html = html};
}

}  // namespace octet
