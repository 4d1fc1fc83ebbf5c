#include "eval/speed/read_limits.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace octet {

ReadLimits::ReadLimits(double out_of_cache, Measure measure)
    : out_of_cache_(out_of_cache), measure_(std::move(measure)) {}

double ReadLimits::gbps(double bytes, double reached) {
  Limit& limit = limits_.try_emplace(std::lround(8 * std::log2(bytes)), Limit{out_of_cache_}).first->second;
  while (limit.tries == 0 || (limit.gbps < reached && limit.tries < kTries)) {
    limit.gbps = std::max(limit.gbps, measure_(std::max<std::int64_t>(1, std::llround(bytes))));
    ++limit.tries;
  }
  return limit.gbps;
}

}  // namespace octet
