#pragma once

#include "nn/layers/forward_options.h"
#include "nn/layers/linear.h"
#include "nn/layers/online_rotation.h"
#include "tensor/ops/attention.h"

namespace octet {

/// Causal self-attention with H query heads that share Hkv key and value heads: x (B, T, C) -> (B, T, C).
/// Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, section 3.2; grouped heads: Ainslie et al. 2023,
/// https://arxiv.org/abs/2305.13245. One projection computes queries, keys and values, so that its input is read (and
/// quantized) once.
class Attention : public Module {
 public:
  Attention(const GptConfig& config, std::int64_t layer);

  /// `epilogue` is that of the output projection.
  Tensor operator()(const LayerInput& x, const ForwardOptions& options, const Epilogue& epilogue = {});
  /// Which codes of its input it multiplies.
  std::optional<CodeScheme> input_codes() const { return qkv->input_codes(); }

  Child<LinearBase> qkv;     // C -> (H + 2 Hkv) D
  Child<LinearBase> output;  // H D -> C

 private:
  Tensor attend(const Tensor& projected, const ForwardOptions& options) const;

  std::int64_t layer_;  // which part of a cache is its own
  HeadLayout layout_;
  std::optional<float> rope_theta_;                  // none: positions have vectors of their own
  std::unique_ptr<Child<OnlineRotation>> rotation_;  // of each head; mostly none
};

}  // namespace octet
