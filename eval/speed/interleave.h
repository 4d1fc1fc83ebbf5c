#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace octet {

/// How long one job took, in seconds, over its repetitions.
struct Timing {
  double median = 0;
  std::vector<double> seconds = {};  ///< of every repetition, shortest first
};

/// Seconds since some fixed moment, never going back.
using Clock = std::function<double()>;
double steady_seconds();

/// Times jobs that are to be compared: after `warmups` untimed rounds, each of `repetitions` rounds runs every job
/// once, A B C A B C, so that a machine that gets warmer or busier slows all of them alike. `before_job`, which runs
/// before each of them and is not timed, may report progress. Errors (run): repetitions < 1.
std::vector<Timing> time_interleaved(std::span<const std::function<void()>> jobs, std::int64_t warmups,
                                     std::int64_t repetitions, const Clock& clock = steady_seconds,
                                     const std::function<void()>& before_job = {});

}  // namespace octet
