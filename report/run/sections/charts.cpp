#include "report/run/sections/charts.h"

#include <algorithm>

#include "report/page/html.h"
#include "report/page/page_parts.h"
#include "report/run/report.h"

namespace octet {
namespace {

constexpr std::size_t kLevel = 3;  // of the title of a chart, below that of its section

bool has_a_section(const Chart& chart) {
  const auto sections = report_sections();
  return std::any_of(sections.begin(), sections.end(), [&](const ReportSection& section) {
    return section.draw != nullptr && chart.section == section.id;
  });
}

std::string markdown(const Report& report) {
  std::string text;
  for (const Chart& chart : report.charts) {
    if (!has_a_section(chart)) text += markdown_figure(chart, kLevel);
  }
  return text;
}

std::string html(const Report& report, const std::filesystem::path& folder) {
  std::string text;
  for (const Chart& chart : report.charts) {
    if (!has_a_section(chart)) text += html_figure(chart, folder);
  }
  return text;
}

}  // namespace

std::string figures_markdown(const Report& report, std::string_view section) {
  std::string text;
  for (const Chart& chart : report.charts) {
    if (chart.section == section) text += markdown_figure(chart, kLevel);
  }
  return text;
}

std::string figures_html(const Report& report, std::string_view section, const std::filesystem::path& folder) {
  std::string text;
  for (const Chart& chart : report.charts) {
    if (chart.section == section) text += html_figure(chart, folder);
  }
  return text;
}

std::string with_figures(std::string body, const std::string& figures) {
  const std::size_t place = body.find(kChartsHere);
  return place == std::string::npos ? body + figures : body.replace(place, kChartsHere.size(), figures);
}

ReportSection charts_section() {
  return {.id = "charts", .title = "Charts", .markdown = markdown, .html = html};
}

}  // namespace octet
