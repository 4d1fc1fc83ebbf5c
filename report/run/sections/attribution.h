#pragma once

#include "report/run/sections/section.h"

namespace octet {

struct Attribution;
struct ReportModel;

/// Also the `delta_nll` of the model's layer errors.
void put_attribution(ReportModel& model, Attribution attribution);

/// Where the loss of each quantized model comes from (eval/experiments/attribution.h), layer by layer, with a chart.
/// Nothing where it was not measured.
ReportSection attribution_section();

}  // namespace octet
