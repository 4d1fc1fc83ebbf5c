#pragma once

#include <cstdint>

#include "nn/layers/module.h"

namespace octet {

/// Multiplies each n neighbouring values of x by a random orthogonal matrix Q (n, n) while the model runs:
///
///     y = x Q,   Q = (D_a S_a / sqrt(a)) (x) (D_b H_b / sqrt(b)) P,   n = a b
///
/// S and H are Hadamard matrices (base/hadamard.h), D random signs, (x) the Kronecker product, and P an order of the
/// results that saves a copy. Every entry of Q is +-1 / sqrt(n), so an outlier spreads evenly over n values. Two small
/// products take n (a + b) multiplications in place of n^2: 48 n for n = 512. Up to 128 values one product does.
///
/// A layer that reads y computes what it computed of x where its rows are rotated too: (x Q) (W Q)^T = x W^T. Queries
/// and keys that are both rotated have the products that they had. Source: Ashkboos et al. 2024, "QuaRot",
/// https://arxiv.org/abs/2404.00456, section 4 (there with the signs left out).
class OnlineRotation : public Module {
 public:
  /// The signs depend on the seed alone. Error (config) where there is no Hadamard matrix of that order, naming it.
  OnlineRotation(std::int64_t order, std::uint64_t seed);

  std::int64_t order() const { return order_; }
  /// x (..., P n) -> the same shape, rotated part by part. Gradient: dx = dy Q^T.
  Tensor operator()(const Tensor& x) const;

 protected:
  void move_state(DeviceKind device) override;

 private:
  std::int64_t order_;
  Tensor left_;   // (a, a); undefined where a is 1
  Tensor right_;  // (b, b)
};

}  // namespace octet
