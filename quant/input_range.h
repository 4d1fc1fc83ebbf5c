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
  float largest() const { return largest_; }
  /// A magnitude that at least `percentile` % of the values do not exceed; largest() for 100. Errors: no values yet;
  /// (config) a percentile outside (0, 100].
  float limit(double percentile) const;
  /// limit / 127: the step of an int8 grid that reaches to it; 1 where all values are 0.
  float scale(double percentile) const;

 private:
  void reach_to(float magnitude);

  static constexpr std::size_t kBins = 4096;
  std::vector<std::int64_t> bins_ = std::vector<std::int64_t>(kBins);
  float reach_ = 0.0F;  // of the last bin: 0 as long as all values are 0
  float largest_ = 0.0F;
  std::int64_t count_ = 0;
};

}  // namespace octet
