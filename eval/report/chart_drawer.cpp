#include "eval/report/chart_drawer.h"

#include <fmt/format.h>

#include "base/error.h"
#include "eval/report/sections/section.h"

namespace octet {

void ChartDrawer::draw(const std::string& name, const std::function<Chart()>& chart) {
  try {
    drawn_.charts.push_back(chart());
    drawn_.charts.back().section = section_;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) {
      throw;
    }
    leave_out(name, error.what());
  } catch (const std::exception& error) {  // out of memory, or of the standard library
    leave_out(name, error.what());
  }
}

void ChartDrawer::leave_out(const std::string& name, const std::string& reason) {
  drawn_.notices.push_back(fmt::format("The chart \"{}\" was left out: {}", name, reason));
  progress_.note(drawn_.notices.back());
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
