#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "eval/explain/rounding_noise.h"
#include "tensor/tensor.h"

namespace octet {

/// What a prediction knows of a product y = W x beside how its values are distributed: the second moments of both
/// sides,
///
///     H = E[x x^T]    over the inputs          M = W^T W         both (C, C)
///
/// With them the mean squared error of y, summed over the outputs, follows from what rounding does to each column of
/// the inputs. If they become g_j x_j + n_j, with noise of columns that does not depend on each other,
///
///     E |W x' - W x|^2  =  sum over j, k of M_jk (1 - g_j) (1 - g_k) H_jk      what is lost
///                        + sum over j of M_jj E[n_j^2]                         noise of inputs meets weights
///
/// What rounding does to the weights is known, not guessed: ChannelMoments.
class ProductMoments {
 public:
  /// x (rows, C), w (N, C): f32 in CPU memory.
  ProductMoments(const Tensor& x, const Tensor& w);

  std::int64_t columns() const { return columns_; }
  /// E |W x|^2 = sum over j, k of M_jk H_jk.
  double signal() const { return signal_; }
  /// From what rounding does to each column of the inputs.
  double error(std::span<const ColumnNoise> inputs) const;

 private:
  double weight_square(std::size_t j) const { return weights_[j * static_cast<std::size_t>(columns_) + j]; }
  double lost(std::span<const double> shares) const;

  std::int64_t columns_;
  std::vector<double> inputs_, weights_;  // H and M
  double signal_ = 0;
};

/// sum (y - exact)^2 / sum exact^2, what predictions are compared with.
double relative_error(const Tensor& exact, const Tensor& y);

}  // namespace octet
