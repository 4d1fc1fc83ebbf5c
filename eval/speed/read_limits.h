#pragma once

#include <cstdint>
#include <functional>
#include <map>

namespace octet {

/// The measured bandwidth for each size, with sizes within 9 % of each other taken as one.
///
/// Where other work keeps the processors busy, the threads that read a few KiB wait for each other a thousand times
/// longer than they read, and the bandwidth comes out near 0. Two things tell such a measurement from a right one: no
/// size is read slower than what no cache holds, and no test moves bytes faster than its limit.
class ReadLimits {
 public:
  using Measure = std::function<double(std::int64_t bytes)>;

  static constexpr int kTries = 5;

  /// `out_of_cache`: the bandwidth of what no cache holds; `measure` tells that of a size. 1e9 bytes per second.
  ReadLimits(double out_of_cache, Measure measure);

  /// The best of up to kTries measurements, as many as it takes to find what a test has `reached`.
  double gbps(double bytes, double reached);

 private:
  struct Limit {
    double gbps;
    int tries = 0;
  };

  double out_of_cache_;
  Measure measure_;
  std::map<long, Limit> limits_;
};

}  // namespace octet
