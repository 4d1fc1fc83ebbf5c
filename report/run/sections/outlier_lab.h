#pragma once

#include "report/run/sections/section.h"

namespace octet {

/// What planted outliers (eval/experiments/outlier_lab.h) cost each scheme: what was done, what came out, a table of
/// schemes by strength and a chart. Nothing where the run had no outlier lab.
ReportSection outlier_lab_section();

}  // namespace octet
