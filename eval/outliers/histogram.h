#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace octet {

/// Counts of values in equal bins over [low, high]; the last bin includes `high`.
struct Histogram {
  double low = 0, high = 0;
  std::vector<std::int64_t> counts;
  std::int64_t outside = 0;    ///< values below low or above high
  std::int64_t nonfinite = 0;  ///< NaN and infinities

  double bin_width() const { return (high - low) / static_cast<double>(counts.size()); }
  double center(std::size_t bin) const { return low + (static_cast<double>(bin) + 0.5) * bin_width(); }
  /// Share of all values, counted or not, in the bin.
  double share(std::size_t bin) const;
};

/// Errors: run unless low < high and bins > 0.
Histogram make_histogram(std::span<const float> values, double low, double high, int bins);

/// Mean, population standard deviation and largest magnitude of the finite values; zeros where
/// there is none.
struct Moments {
  double mean = 0, std = 0, max_abs = 0;
};
Moments measure_moments(std::span<const float> values);

/// Of `approximate` against `exact` (same size): MSE = mean e^2 with e = approximate - exact, and
/// SNR = 10 log10(sum exact^2 / sum e^2) in dB, infinite where the error is zero.
struct ErrorSize {
  double mse = 0, snr_db = 0, max_abs = 0;
};
ErrorSize measure_error(std::span<const float> exact, std::span<const float> approximate);

}  // namespace octet
