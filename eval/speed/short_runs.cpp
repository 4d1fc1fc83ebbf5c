#include "eval/speed/short_runs.h"

#include <algorithm>
#include <chrono>
#include <limits>

namespace octet {

double shortest_run(int runs, const RepeatedWork& work, std::int64_t times) {
  double best = std::numeric_limits<double>::infinity();
  for (int run = 0; run < runs; ++run) {
    const auto start = std::chrono::steady_clock::now();
    work(times);
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return best;
}

double seconds_per_time(const RepeatedWork& work) {
  constexpr int kRuns = 6;
  constexpr int kTries = 2;  // of each length: one pause must not make a short run look long
  std::int64_t times = 1;
  while (shortest_run(kTries, work, times) < kShortRun) {
    times *= 2;
  }
  return shortest_run(kRuns, work, times) / static_cast<double>(times);
}

}  // namespace octet
