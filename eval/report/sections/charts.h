#pragma once

#include "eval/report/sections/section.h"

namespace octet {

/// The pictures that other sections drew, with their captions: Report::charts.
ReportSection charts_section();

}  // namespace octet
