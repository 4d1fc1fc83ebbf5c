#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace octet {

/// Observes magnitudes in one pass: the largest of them exactly, percentiles by a histogram. Its bins are equally wide
/// from 0 to a power of two; when a larger value comes, the power doubles and pairs of bins merge. So a percentile is
/// at most 1/2048 of the largest magnitude too large, whatever the order of the values.
class InputRange {
 public:
  /// Errors (run): NaN or infinity.
  void add(std::span<const float> values);

  std::int64_t count() const { return count_; }
  float largest() const { return largest_; }    ///< magnitude
  float smallest() const { return smallest_; }  ///< value, with its sign; 0 before any
  float highest() const { return highest_; }
  /// A magnitude that at least `percentile` % of the values do not exceed; largest() for 100. Errors: no values yet;
  /// (config) a percentile outside (0, 100].
  float limit(double percentile) const;
  /// The largest magnitude of each add(), averaged: a <- a + kAveragingConstant (largest - a).
  float moving_average() const { return average_; }
  /// How many magnitudes fell into each of equally wide bins from 0 to reach().
  std::span<const std::int64_t> bins() const { return bins_; }
  float reach() const { return reach_; }

  /// Ten times that of PyTorch's MovingAverageMinMaxObserver, which sees thousands of batches and not dozens of
  /// windows.
  static constexpr float kAveragingConstant = 0.1F;

 private:
  void reach_to(float magnitude);

  static constexpr std::size_t kBins = 4096;
  std::vector<std::int64_t> bins_ = std::vector<std::int64_t>(kBins);
  float reach_ = 0.0F;  // of the last bin: 0 as long as all values are 0
  float largest_ = 0.0F;
  float average_ = 0.0F;
  float smallest_ = 0.0F, highest_ = 0.0F;
  std::int64_t count_ = 0;
};

}  // namespace octet
