#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/config/field.h"

namespace octet {

/// How static scales are found: the `calibration` section of a recipe. The FP32 model reads some windows of the
/// calibration part of the text, and each layer's inputs are observed.
struct Calibration {
  std::int64_t windows = 32;  ///< of the model's context, spread evenly over the calibration part
  /// The share of the inputs that the int8 grid reaches, in percent: 100 is the largest magnitude of all (absmax); less
  /// clips the largest few and gives the others smaller steps.
  double percentile = 100.0;

  bool operator==(const Calibration&) const = default;

  template <class V>
  void visit(V& v) {
    v("windows", windows, at_least(1));
    v("percentile", percentile, in_range(50, 100));
  }
};

/// A static scale for the inputs of each layer, by dotted path.
using InputScales = std::map<std::string, float>;

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
