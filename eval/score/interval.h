#pragma once

#include <limits>

namespace octet {

/// A number of a report that was not measured; null in JSON.
inline constexpr double kNotMeasured = std::numeric_limits<double>::quiet_NaN();

/// An estimate with its interval; the confidence is that of BootstrapOptions.
struct Interval {
  double mean = kNotMeasured, low = kNotMeasured, high = kNotMeasured;

  bool contains(double value) const { return low <= value && value <= high; }

  template <class V>
  void visit(V& v) {
    v("mean", mean);
    v("low", low);
    v("high", high);
  }
};

}  // namespace octet
