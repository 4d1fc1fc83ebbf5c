#pragma once

#include <limits>

#include "base/config/rules.h"

namespace octet {

/// A number of a report that was not measured; null in JSON.
inline constexpr double kNotMeasured = std::numeric_limits<double>::quiet_NaN();

/// An estimate with its interval; the confidence is that of BootstrapOptions.
struct Interval {
  double mean = kNotMeasured, low = kNotMeasured, high = kNotMeasured;

  bool contains(double value) const { return low <= value && value <= high; }

  template <class V>
  void visit(V& v) {
    v("mean", mean, allow_nonfinite());
    v("low", low, allow_nonfinite());
    v("high", high, allow_nonfinite());
  }
};

}  // namespace octet
