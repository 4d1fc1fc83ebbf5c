#pragma once

#include <cstdint>
#include <span>

namespace octet {

/// Mean and squared deviations of a stream of values, exact up to rounding in one pass: chunks are summed about their
/// own mean and merged, so nothing cancels even where the mean is far larger than the deviations. Chan, Golub, LeVeque
/// 1983, "Algorithms for Computing the Sample Variance", The American Statistician 37, equation 2.1.
struct RunningMoments {
  std::int64_t count = 0;
  double mean = 0;
  double squares = 0;  ///< sum of (x - mean)^2

  void merge(const RunningMoments& other);
  double standard_deviation() const;  ///< sqrt(squares / count); 0 where empty
};

/// Of all values; in parallel, the same for any number of threads.
RunningMoments moments_of(std::span<const float> values);

}  // namespace octet
