#pragma once

#include "tensor/tensor.h"

namespace octet {

/// How the columns of a fused projection divide: queries of all heads, then keys, then values.
/// Grouped heads (kv_heads < heads): heads h shares the keys and values of head h / (heads / kv_heads).
struct HeadLayout {
  std::int64_t heads;     // H
  std::int64_t kv_heads;  // Hkv, divides H
  std::int64_t head_dim;  // D

  std::int64_t query_width() const { return heads * head_dim; }
  std::int64_t kv_width() const { return kv_heads * head_dim; }
  std::int64_t width() const { return query_width() + 2 * kv_width(); }  // (H + 2 Hkv) D
};

/// Throws unless qkv is f32 of shape (B, T, (H + 2 Hkv) D) and Hkv divides H.
void check_layout(const char* op, const Tensor& qkv, const HeadLayout& layout);

/// Causal softmax attention, one fused pass: y = softmax(q k^T / sqrt(D) + mask) v for every head.
/// qkv (B, T, (H + 2 Hkv) D) -> y (B, T, H D). The T x T scores are never stored: backward recomputes them from the
/// saved logarithms of the softmax sums (Dao et al. 2022, https://arxiv.org/abs/2205.14135, appendix B).
Tensor causal_attention(const Tensor& qkv, const HeadLayout& layout);

}  // namespace octet
