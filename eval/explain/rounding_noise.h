#pragma once

#include <cstdint>
#include <vector>

namespace octet {

/// What rounding makes of the values x of one column: Q(x) = gain x + n, with noise n that x does not predict. Any
/// error can be split so (Bussgang 1952, "Crosscorrelation functions of amplitude-distorted Gaussian signals"). Fine
/// steps leave gain 1 and the noise step^2 / 12 (Bennett 1948, "Spectra of quantized signals"); where all values are
/// below half a step they become 0, which is gain 0 and no noise.
struct ColumnNoise {
  double gain = 1;
  double noise = 0;  ///< E[n^2]
};

/// Where the values of the columns of a matrix lie within the ranges that their scales must cover: r = |x| / range in
/// bins, sixteen to a power of two from 2^-16 to 1. This is all that a prediction knows of the values. Whether a scale
/// is shared by a matrix, a row or a group differs in the ranges alone.
class ReachHistogram {
 public:
  explicit ReachHistogram(std::int64_t columns);

  /// `range` >= |x|, or both 0: what the scale of this value covers.
  void add(std::int64_t column, float value, float range);

  /// Of one column under a grid with this step and this end, both as shares of the range; what is beyond the end
  /// becomes the end. int8 without clipping: step 1/127, end 1. Within a bin values are taken as evenly spread:
  ///
  ///     E[(Q(r) - r)^2] and E[r Q(r)] of a bin [a, b] are integrals over it; each counts range^2 times
  ColumnNoise noise_of(std::int64_t column, double step, double end = 1.0) const;
  /// The same of all columns.
  std::vector<ColumnNoise> noise(double step, double end = 1.0) const;

 private:
  static constexpr int kPerOctave = 16, kOctaves = 16;
  // Below all bins, the bins, and a place for r = 1 exactly: each scale has a value there, and it is not rounded.
  static constexpr int kPlaces = 1 + kPerOctave * kOctaves + 1;

  std::vector<double> weights_;  // (columns, kPlaces): sums of range^2
  std::vector<double> below_;    // (columns): sums of x^2 below all bins
  std::vector<double> counts_;   // (columns)
};

}  // namespace octet
