#pragma once

#include <cstdint>
#include <functional>

namespace octet {

/// Work that can be repeated: work(times).
using RepeatedWork = std::function<void(std::int64_t times)>;

/// Seconds that a run takes. Starting threads or kernels is a small part of that, and it is short enough to fit between
/// two interruptions by other work.
constexpr double kShortRun = 4e-3;

/// The shortest of some runs of work(times), in seconds: other work on the machine can only slow a run down.
double shortest_run(int runs, const RepeatedWork& work, std::int64_t times);

/// Seconds for each of the `times` of work(times): as many that a run takes kShortRun.
double seconds_per_time(const RepeatedWork& work);

}  // namespace octet
