#pragma once

#include <span>

#include "eval/explain/explain.h"
#include "eval/report/sections/section.h"
#include "eval/score/windows.h"

namespace octet {

struct EvalConfig;

/// Explains config.explain_layers layers of the FP32 model: of each kind ("mlp.down") the one whose inputs reach
/// furthest beyond their deviation, by report.outliers, which must be there. Reads some of the windows.
void measure_explained(Report& report, Gpt& fp32, std::span<const Window> windows, const EvalConfig& config,
                       ProgressSink& progress);

/// Why these layers lose what they lose, and what helps (eval/explain/rules.h). Nothing where none was explained.
ReportSection explained_section();

}  // namespace octet
