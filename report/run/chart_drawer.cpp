#include "report/run/chart_drawer.h"

#include <fmt/format.h>

#include "report/charts/try_to_draw.h"
#include "report/run/report.h"

namespace octet {

namespace {

void visit_sections(const Report& report, ChartDrawer& drawer) {
  for (const ReportSection& section : report_sections()) {
    if (section.draw == nullptr) continue;
    drawer.begin_section(section.id);
    section.draw(report, drawer);
  }
}

}  // namespace

void ChartDrawer::draw(const std::string& file, const std::string& title, const DrawChart& chart) {
  files_.push_back(file);
  if (progress_ == nullptr) return;
  const auto draw_it = [&] { return chart(file); };
  if (auto drawn = try_to_draw(fmt::format("The chart \"{}\"", title), draw_it, drawn_.notices)) {
    drawn->section = section_;
    drawn_.charts.push_back(std::move(*drawn));
  } else {
    progress_->note(drawn_.notices.back());
  }
}

std::vector<std::string> chart_names(const Report& report, const ChartSources& sources) {
  ChartDrawer drawer(sources);
  visit_sections(report, drawer);
  return drawer.files();
}

DrawnCharts draw_charts(const std::filesystem::path& folder, const Report& report, const ChartSources& sources,
                        ProgressSink& progress) {
  if (const ChartSupport support = charts_available(); !support.available) {
    progress.note(fmt::format("Charts were left out: {}", support.reason));
    return {{}, {fmt::format("Charts were left out: {}", support.reason)}};
  }
  ChartDrawer drawer(folder, sources, progress);
  visit_sections(report, drawer);
  return drawer.take();
}

}  // namespace octet
