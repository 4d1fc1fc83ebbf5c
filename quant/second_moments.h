#pragma once

#include <cstdint>
#include <vector>

#include "tensor/tensor.h"

namespace octet {

/// Sums a b^T over the positions of a text, for the inputs a and b of a layer: what methods with calibration know of
/// them. With a = b it is, up to a factor, the Hessian of the squared error of the layer's output by a row of weights:
///
///     sum over x of ((w - w') x)^2 = (w - w') (sum of x x^T) (w - w')^T
///
/// Batches are summed in FP32, their sums in double; memory does not grow with the text.
class SecondMoments {
 public:
  /// a and b (..., C) of f32 with equal shapes. Errors: (run) else; NaN or infinity.
  void add(const Tensor& a, const Tensor& b);
  void add(const Tensor& x) { add(x, x); }

  std::int64_t columns() const { return columns_; }
  /// Positions seen.
  std::int64_t count() const { return count_; }
  /// Sum of a_i b_j, both in [0, columns()).
  double at(std::int64_t i, std::int64_t j) const { return sums_[static_cast<std::size_t>(i * columns_ + j)]; }
  /// The mean squares of the inputs (columns()), where a = b.
  std::vector<float> mean_squares() const;

 private:
  std::int64_t columns_ = 0, count_ = 0;
  std::vector<double> sums_;  // (C, C)
};

}  // namespace octet
