#pragma once

#include <cstdint>
#include <vector>

#include "base/config/field.h"
#include "nn/gpt.h"

namespace octet {

/// Where to plant outliers, and how large.
struct OutlierInjection {
  std::vector<std::int64_t> channels = {0};  ///< of the model's width
  std::vector<std::int64_t> layers = {};     ///< blocks; none means all
  std::int64_t exponent = 6;                 ///< the channels grow by 2^exponent

  template <class V>
  void visit(V& v) {
    v("channels", channels, not_empty(), at_least(0));
    v("layers", layers, at_least(0));
    v("exponent", exponent, in_range(0, 30));
  }
};

/// Makes a model hard to quantize without changing what it computes. Large models grow a few channels with huge
/// activations (LLM.int8); small ones do not, so here they are planted. In each block, for both norms and each channel
/// j,
///
///     gain_j, bias_j           -> 2^k gain_j, 2^k bias_j           the norm's output channel j is 2^k times as large
///     W[:, j] of its consumers -> 2^-k W[:, j]                     (attention.qkv; mlp.up and mlp.gate)
///
/// Each product W[:, j] x_j stays the same number, because scaling by a power of two commutes with every rounding: the
/// FP32 logits are bit-identical. Yet a scale per token must now stretch over the planted channel and leaves few levels
/// to the others, and a scale per row of W must resolve a column that is 2^k times smaller.
///
/// Errors: config where a channel or layer does not exist, a layer is not FP32 or 2^k leaves the range of normal floats
/// (the model is then unchanged).
void inject_outliers(Gpt& model, const OutlierInjection& injection);

}  // namespace octet
