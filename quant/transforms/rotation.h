#pragma once

#include "base/hadamard.h"
#include "base/random.h"
#include "tensor/tensor.h"

namespace octet {

/// A random orthogonal matrix Q (n, n), made of a Hadamard matrix H and a diagonal D of random signs.
///
///     spreading      Q = D H / sqrt(n)      every entry is +-1 / sqrt(n): an outlier in one channel becomes n equal
///     parts keeping_mean   Q = H D H^T / n        with D_00 = 1. The first column of H is all ones, so that Q 1 = Q^T
///     1 = 1:
///                                           x Q has the mean of x, and LayerNorm(x Q) = LayerNorm(x) Q. Its entries
///                                           are sums of n signs / n, so that an outlier spreads a little less evenly.
///
/// spreading is QuaRot's (https://arxiv.org/abs/2404.00456, section 3). keeping_mean is what it takes to rotate a
/// model with LayerNorm, without making its norms RMSNorm.
class Rotation {
 public:
  enum class Kind { spreading, keeping_mean };

  /// The signs depend on `random` alone. Error (config) where there is no Hadamard matrix of that order.
  Rotation(std::int64_t order, Kind kind, const Random& random);

  std::int64_t order() const { return hadamard_.order(); }
  /// x <- x Q for a row x (n), computed in double.
  void apply(std::span<double> x) const;

 private:
  Hadamard hadamard_;
  Kind kind_;
  std::vector<double> signs_;  // the diagonal of D
};

/// Rotates each row of w (R, C), part by part where C is a multiple of n: w[r, n p : n (p + 1)] <- that Q. A vector of
/// rank 1 is one row. Who reads x Q by such a matrix computes what the matrix before computed of x.
void rotate_rows(const Tensor& w, const Rotation& rotation);

/// Rotates the columns of rows [first, first + count) of w (R, C), part by part where count is a multiple of n, as if
/// each were a row: who writes y by w writes y Q afterwards. A bias of rank 1 is one column.
void rotate_columns(const Tensor& w, std::int64_t first, std::int64_t count, const Rotation& rotation);

}  // namespace octet
