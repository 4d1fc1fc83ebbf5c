#pragma once

#include "report/run/sections/section.h"

namespace octet {

/// What a reader should know first: Report::notices.
ReportSection notices_section();

}  // namespace octet
