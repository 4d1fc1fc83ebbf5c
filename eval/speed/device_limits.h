#pragma once

#include "tensor/storage.h"

// The limits of a device that runs whole kernels at once, such as a GPU: see eval/speed/machine_limits.h.

namespace octet {

/// The higher of the chain in registers and of a square product in the math mode that is set: tensor cores have no
/// chain.
double device_peak_fp32_gflops(DeviceKind device);
double device_peak_int8_gops(DeviceKind device);

/// Reading up to 2 GiB: more than any cache holds, and so much that starting the kernel is a small part of the time.
double device_read_gbps(DeviceKind device);

}  // namespace octet
