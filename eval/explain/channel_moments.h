#pragma once

#include <span>
#include <vector>

#include "tensor/tensor.h"

namespace octet {

/// What a prediction about rounded weights knows of the inputs of a layer: two numbers for each channel.
struct ChannelMoments {
  std::vector<double> mean, variance;  // (C)

  /// Of x (rows, C), f32 in CPU memory.
  explicit ChannelMoments(const Tensor& x);

  /// E |e x|^2, summed over the outputs, for weights (N, C) that rounding made wrong by e = rounded - exact, as though
  /// channels deviated from their means independently of each other:
  ///
  ///     sum over rows n of  (sum over j of e_nj mean_j)^2  +  sum over j of e_nj^2 variance_j
  ///
  /// The first part is a sum before it is squared: along the mean input, which every token has in it, the errors of a
  /// row add up with their signs. The second is what scattered errors do. How channels go together beyond the mean, C^2
  /// numbers, is left out; so are the tokens.
  ///
  /// `gains` (C), where given: what rounding leaves of each channel (ColumnNoise::gain), which e then meets.
  double error_of(const Tensor& exact, const Tensor& rounded, std::span<const double> gains = {}) const;
};

}  // namespace octet
