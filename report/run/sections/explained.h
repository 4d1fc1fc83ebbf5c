#pragma once

#include "eval/explain/explain.h"
#include "report/run/sections/section.h"

namespace octet {

/// Why layers of the FP32 model lose what they lose, and what helps (eval/explain/rules.h). Explains
/// EvalConfig::explain_layers of them: of each kind ("mlp.down") the one whose inputs reach furthest beyond their
/// deviation, by report.outliers. Nothing where none was explained.
ReportSection explained_section();

}  // namespace octet
