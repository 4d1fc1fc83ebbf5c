#pragma once

#include <cmath>

#include "tensor/ops/attention.h"
#include "tensor/ops/elementwise.h"

namespace octet {

/// Gamma of a softmax that clips probabilities below 0.08.
inline constexpr float kSampleGamma = -0.087F;

/// Queries, keys and values from x (B, T, (H + 2 Hkv) D), which is random, such that none of the weights that
/// kSampleGamma clips lies at its kink: there a gradient jumps, and neither central differences nor another order of
/// sums agree about it. All queries point along the first column, and so do the keys of the positions 0, 64, 128...;
/// the other keys point away. Scores are 1.5 and -1.5, and x moves them a little. Probabilities are then 0.1 and more
/// for keys that are looked at (up to T = 130), and of two keys the other gets 0.05, of more each gets less; but
/// together they have most of a long row. Values are those of x.
inline Tensor far_from_the_clip(const Tensor& x, const HeadLayout& layout) {
  constexpr float kShare = 0.05F;  // of x in queries and keys
  const float end = std::sqrt(1.5F * std::sqrt(static_cast<float>(layout.head_dim)));
  const std::int64_t queries = layout.query_width(), keys = queries + layout.kv_width();
  Tensor factors = Tensor::full(x.shape(), 1.0F), ends = Tensor::zeros(x.shape());
  for (std::int64_t row = 0; row < x.dim(0) * x.dim(1); ++row) {
    const bool looked_at = row % x.dim(1) % 64 == 0;
    for (std::int64_t column = 0; column < keys; ++column) {
      const std::int64_t i = row * layout.width() + column;
      factors.data<float>()[i] = kShare;
      if (column % layout.head_dim == 0) ends.data<float>()[i] = column < queries || looked_at ? end : -end;
    }
  }
  return add(mul(x, factors.to(x.device())), ends.to(x.device()));
}

}  // namespace octet
