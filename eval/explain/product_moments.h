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
/// both. If inputs become g_j x_j + n_j and weights c_j w_j + m_j, with noise of columns that does not depend on each
/// other,
///
///     E |W' x' - W x|^2  =  sum over j, k of M_jk (1 - g_j c_j) (1 - g_k c_k) H_jk      what is lost
///                         + sum over j of M_jj c_j^2 E[n_j^2]                           noise of inputs meets weights
///                         + N sum over j of E[m_j^2] (g_j^2 H_jj + E[n_j^2])            noise of N rows of weights
class ProductMoments {
 public:
  /// x (rows, C), w (N, C): f32 in CPU memory.
  ProductMoments(const Tensor& x, const Tensor& w);

  std::int64_t columns() const { return columns_; }
  std::int64_t outputs() const { return outputs_; }
  /// E |W x|^2 = sum over j, k of M_jk H_jk.
  double signal() const { return signal_; }
  /// From what rounding does to both; one of each column. The noise of weights is the mean of its square over the rows.
  double error(std::span<const ColumnNoise> inputs, std::span<const ColumnNoise> weights) const;

 private:
  double input_square(std::size_t j) const { return inputs_[j * static_cast<std::size_t>(columns_) + j]; }
  double weight_square(std::size_t j) const { return weights_[j * static_cast<std::size_t>(columns_) + j]; }
  double lost(std::span<const double> shares) const;

  std::int64_t columns_, outputs_;
  std::vector<double> inputs_, weights_;  // H and M
  double signal_ = 0;
};

/// sum (y - exact)^2 / sum exact^2, what predictions are compared with.
double relative_error(const Tensor& exact, const Tensor& y);

}  // namespace octet
