#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "tensor/tensor.h"

namespace octet {

/// max |actual - expected| / max |expected|: the scale of sums is that of the largest, and an error of a small one that
/// cancelled is no larger than of the others. NaN where one has it and the other not. Tensors of f32 on any devices.
inline double relative_error(const Tensor& actual, const Tensor& expected) {
  const std::vector<float> a = actual.to_vector();
  const std::vector<float> e = expected.to_vector();
  if (a.size() != e.size()) {
    return HUGE_VAL;
  }
  double error = 0.0, largest = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::isnan(a[i]) != std::isnan(e[i])) {
      return NAN;
    }
    if (a[i] != e[i] && !std::isnan(a[i])) {
      error = std::max(error, std::abs(double{a[i]} - double{e[i]}));
    }
    if (std::isfinite(e[i])) {
      largest = std::max(largest, std::abs(double{e[i]}));
    }
  }
  return error == 0.0 ? 0.0 : error / largest;
}

/// Every element within bound * max |expected| of what was expected in double.
inline void expect_within(const Tensor& actual, const std::vector<double>& expected, double bound) {
  const std::vector<float> values = actual.to_vector();
  ASSERT_EQ(values.size(), expected.size());
  double largest = 1e-30;
  for (const double value : expected) {
    largest = std::max(largest, std::fabs(value));
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    ASSERT_NEAR(static_cast<double>(values[i]), expected[i], bound * largest) << "element " << i;
  }
}

}  // namespace octet
