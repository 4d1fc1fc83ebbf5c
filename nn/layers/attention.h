#pragma once

#include "nn/layers/forward_options.h"
#include "nn/layers/linear.h"
#include "nn/layers/norm.h"
#include "nn/layers/online_rotation.h"
#include "tensor/ops/attention.h"

namespace octet {

/// Causal self-attention with H query heads that share Hkv key and value heads: x (B, T, C) -> (B, T, C).
/// Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, section 3.2; grouped heads: Ainslie et al. 2023,
/// https://arxiv.org/abs/2305.13245. One projection computes queries, keys and values, so that its input is read (and
/// quantized) once. Three options, all against outliers that grow where a head wants to do nothing:
///
/// - qk_norm: RMSNorm of each query and each key over its D columns, before positions; the gains (D) are those of all
///   heads. Henry et al. 2020, https://arxiv.org/abs/2010.04245, section 3; with RMSNorm as in Qwen3.
/// - attention_gate: the output of each head times a sigmoid of a product with x, one row of weights for each head.
///   Bondarenko et al. 2023, https://arxiv.org/abs/2306.12929, section 4.2. Not on a GPU (tensor/ops/head_gate.h).
/// - attention_clip: a clipped softmax (tensor/ops/attention.h) with gamma = -attention_clip / context. The same paper,
///   section 4.1; of its two numbers zeta is 1, since what helps is that weights reach 0. The key is the paper's alpha,
///   of which it recommends 2 to 4: so the value of one model suits another of a longer context. Generation is slower
///   with it (tensor/ops/cached_attention.h).
class Attention : public Module {
 public:
  Attention(const GptConfig& config, std::int64_t layer);

  /// `epilogue` is that of the output projection.
  Tensor operator()(const LayerInput& x, const ForwardOptions& options, const Epilogue& epilogue = {});
  /// Which codes of its input it multiplies.
  std::optional<CodeScheme> input_codes() const { return qkv->input_codes(); }

  Child<LinearBase> qkv;                                  // C -> (H + 2 Hkv) D
  std::unique_ptr<Child<NormBase>> query_norm, key_norm;  // over D; none without qk_norm
  std::unique_ptr<Child<LinearBase>> gate;                // C -> H; none without attention_gate
  Child<LinearBase> output;                               // H D -> C

 private:
  Tensor normalised(const Tensor& projected) const;
  Tensor attend(const Tensor& projected, const ForwardOptions& options) const;

  std::int64_t layer_;  // which part of a cache is its own
  HeadLayout layout_;
  float gamma_;                                      // of the softmax; 0: it is not clipped
  std::optional<float> rope_theta_;                  // none: positions have vectors of their own
  std::unique_ptr<Child<OnlineRotation>> rotation_;  // of each head; mostly none
};

}  // namespace octet
