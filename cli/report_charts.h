#pragma once

#include <vector>

#include "cli/run_config.h"
#include "eval/report.h"

namespace octet {

/// Draws every chart of a run into charts/: training curves, perplexity against size, speed, weights before and after,
/// outliers per layer, what outliers do to a grid. Error (capability) where gnuplot is missing.
std::vector<Chart> draw_charts(const Run& run, const Report& report);

}  // namespace octet
