#pragma once

#include <filesystem>
#include <string>

#include "report/run/report.h"
#include "tensor/storage.h"

namespace octet {

/// Processor, instruction set, threads, GPU and libraries that a run on this device uses.
ReportMachine describe_machine(DeviceKind device);

/// Of results in `folder`: this program, now, and the command that makes them again from config.yaml there, whose text
/// is `config`.
ReportProvenance describe_provenance(const std::filesystem::path& folder, const std::string& config);

}  // namespace octet
