#include "eval/speed/interleave.h"

#include <algorithm>
#include <chrono>

#include "base/error.h"
#include "eval/score/quantile.h"

namespace octet {

double steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::vector<Timing> time_interleaved(std::span<const std::function<void()>> jobs, std::int64_t warmups,
                                     std::int64_t repetitions, const Clock& clock,
                                     const std::function<void()>& before_job) {
  check(repetitions >= 1, "[time_interleaved] expected at least 1 repetition, got {}", repetitions);
  std::vector<std::vector<double>> seconds(jobs.size());
  for (std::int64_t round = -warmups; round < repetitions; ++round) {
    for (std::size_t j = 0; j < jobs.size(); ++j) {
      if (before_job) {
        before_job();
      }
      const double start = clock();
      jobs[j]();
      if (round >= 0) {
        seconds[j].push_back(clock() - start);
      }
    }
  }
  std::vector<Timing> timings;
  for (std::vector<double>& times : seconds) {
    std::sort(times.begin(), times.end());
    timings.push_back({sorted_quantile(times, 0.5), times});
  }
  return timings;
}

}  // namespace octet
