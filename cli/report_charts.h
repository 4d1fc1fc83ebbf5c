#pragma once

#include <string>
#include <vector>

#include "base/progress.h"
#include "cli/run_config.h"
#include "eval/report/report.h"

namespace octet {

/// The charts that could be drawn, and why others could not.
struct DrawnCharts {
  std::vector<Chart> charts;
  std::vector<std::string> notices;  ///< also noted on `progress`
};

/// Draws every chart of a run into charts/: training curves, perplexity against size, speed, weights before and after,
/// outliers per layer, what outliers do to a grid. Each on its own: one that fails, or whose input is missing, becomes
/// a notice with its name and the reason, and the others are drawn; without gnuplot there is one notice for all. Error
/// (interrupted) after Ctrl-C.
DrawnCharts draw_charts(const Run& run, const Report& report, ProgressSink& progress);

}  // namespace octet
