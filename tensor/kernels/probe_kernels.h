#pragma once

#include <cstdint>

// Probe kernels: loops that keep one resource of the machine busy and do nothing else, to measure its limits
// (eval/speed/machine_limits.h). Each runs on the calling thread, or on all of a GPU, and gives a result that is known
// beforehand, so that the compiler cannot drop the work and a test can check it.

namespace octet {

/// What a probe did.
struct ProbeResult {
  std::int64_t operations;  // a multiplication and the addition of its result count as 2
  double value;             // see below
};

/// A read takes a multiple of this many bytes: a cache line of each stream.
constexpr std::int64_t kProbeBlock = 4096;

struct ProbeKernels {
  /// x = x / 2 + 1, `steps` times, in every lane of enough registers to hide the latency, from values whose mean is 0.
  /// value: the mean of all x, which is 2 (1 - 2^-steps).
  ProbeResult (*fp32_chain)(std::int64_t steps);
  /// int32 sums of products 3 * -2 of bytes, by the instructions that an int8 product uses, in registers. value: the
  /// mean product, -6.
  ProbeResult (*int8_chain)(std::int64_t steps);
  /// The exclusive or of all 64-bit words of `bytes` bytes, a multiple of kProbeBlock at a multiple of 64, in the
  /// memory of the device.
  std::uint64_t (*read)(const void* data, std::int64_t bytes);
};

}  // namespace octet
