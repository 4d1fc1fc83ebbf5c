#include "eval/report/chart_drawer.h"

#include <fmt/format.h>

#include "eval/charts/try_to_draw.h"
#include "eval/report/sections/section.h"

namespace octet {

void ChartDrawer::draw(const std::string& name, const std::function<Chart()>& chart) {
  if (auto drawn = try_to_draw(fmt::format("The chart \"{}\"", name), chart, drawn_.notices)) {
    drawn->section = section_;
    drawn_.charts.push_back(std::move(*drawn));
  } else {
    progress_.note(drawn_.notices.back());
  }
}

DrawnCharts draw_charts(const std::filesystem::path& folder, const Report& report, const ChartSources& sources,
                        ProgressSink& progress) {
  if (const ChartSupport support = charts_available(); !support.available) {
    progress.note(fmt::format("Charts were left out: {}", support.reason));
    return {{}, {fmt::format("Charts were left out: {}", support.reason)}};
  }
  ChartDrawer drawer(folder, sources, progress);
  for (const ReportSection& section : report_sections()) {
    if (section.draw == nullptr) continue;
    drawer.begin_section(section.id);
    section.draw(report, drawer);
  }
  return drawer.take();
}

}  // namespace octet
