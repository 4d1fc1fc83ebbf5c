#pragma once

#include "tensor/formats/low_rank.h"
#include "tensor/formats/packed_weight.h"

namespace octet {

/// A low-rank correction A B (N, K) in the order of the kernels: what a layer adds to the product of its own weight.
/// Its inputs are FP32, whatever the layer's weight multiplies.
class LowRankProduct {
 public:
  explicit LowRankProduct(LowRank stored);

  /// (x B^T) A^T; x (..., K), y (..., N). Not recorded: see weight_linear().
  Tensor project(const Tensor& x) const;
  /// Rows of A B chosen by `ids` (...) of i32 -> (..., K).
  Tensor lookup(const Tensor& ids) const;
  /// A B as a matrix (N, K) of f32, in CPU memory.
  Tensor matrix() const;

  /// Moves what is multiplied; stored() stays in CPU memory.
  void to(DeviceKind device);
  const LowRank& stored() const { return stored_; }

 private:
  LowRank stored_;
  PackedWeight left_, right_;  // A, B
  Tensor right_values_;        // (r, K) f32, for rows of A B
};

}  // namespace octet
