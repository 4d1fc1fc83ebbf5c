#pragma once

#include <string>

#include "eval/report.h"

namespace octet {

/// Processor, instruction set, threads and libraries that a run uses.
ReportMachine describe_machine();

/// "2026-01-31T12:00:00Z"
std::string utc_now();

}  // namespace octet
