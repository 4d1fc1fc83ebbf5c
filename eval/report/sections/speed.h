#pragma once

#include "eval/report/sections/section.h"

namespace octet {

struct ReportModel;
struct SpeedResult;

void put_speed(ReportModel& model, const SpeedResult& speed);

/// Its numbers stand in the result. Draws prefill and decode relative to FP32.
ReportSection speed_section();

}  // namespace octet
