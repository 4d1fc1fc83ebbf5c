#pragma once

#include "eval/speed/interleave.h"
#include "eval/speed/machine_limits.h"

namespace octet::bench {

/// Keeps all threads busy for a while: new threads may share a processor until the system spreads them, and clocks
/// change under load.
inline void warm_up() {
  constexpr double kSeconds = 1.5;
  const double end = steady_seconds() + kSeconds;
  while (steady_seconds() < end) {
    measure_peak_fp32_gflops();
  }
}

}  // namespace octet::bench
