#pragma once

#include <string>

#include "eval/report/report.h"
#include "tensor/storage.h"

namespace octet {

/// Processor, instruction set, threads, GPU and libraries that a run on this device uses.
ReportMachine describe_machine(DeviceKind device);

/// "2026-01-31T12:00:00Z"
std::string utc_now();

}  // namespace octet
