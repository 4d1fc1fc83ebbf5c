#pragma once

#include <string>

#include "cli/run_config.h"

namespace octet {

/// Where a verb without configuration runs its model: as --device says, else on the CPU.
DeviceKind device_of(const CommonOptions& common);

/// Chooses the backend of the run's device and how it multiplies. Error (capability) with the reason where there is no
/// such device: called before any work.
void use_device(const RunConfig& config);

/// "NVIDIA H200 (driver 13.0, CUDA 13.0, cuBLASLt 13.1.0)"; empty for a CPU.
std::string gpu_name(DeviceKind device);

/// What computes FP32 products there: "oneDNN 2.6.3", "cuBLASLt, operands rounded to tf32".
std::string product_library(DeviceKind device);

}  // namespace octet
