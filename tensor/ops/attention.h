#pragma once

#include "tensor/tensor.h"

namespace octet {

/// How the columns of a fused projection divide: queries of all heads, then keys, then values.
/// Grouped heads (kv_heads < heads): head h shares the keys and values of head h / (heads / kv_heads).
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

/// Throws unless gamma is at most 0.
void check_gamma(const char* op, float gamma);

/// Causal softmax attention, one fused pass: qkv (B, T, (H + 2 Hkv) D) -> y (B, T, H D). For every head, with Q, K, V
/// (T, D) and the scores and weights S, P (T, T):
///
///     S = Q K^T / sqrt(D), and -infinity where the key is later than the query
///     P = softmax(S), row by row
///     Y = P V
///
/// (Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, equation 1.) The gradients, from the last line back:
///
///     Y = P V              so  dV = P^T dY  and  dP = dY V^T
///     P = softmax(S)       so  dS = P * (dP - r),  r_i = sum over j of dP_ij P_ij
///     S = Q K^T / sqrt(D)  so  dQ = dS K / sqrt(D)  and  dK = dS^T Q / sqrt(D)
///
/// r needs no row of dP: with dP_ij = dY_i . V_j it is dY_i . (sum over j of P_ij V_j) = dY_i . Y_i. And P needs no
/// second softmax: P_ij = e^(S_ij - L_i), where L_i, the logarithm of the softmax sum of row i, was kept. So S and P
/// are computed again block by block, and no T x T matrix is ever stored (Dao et al. 2022,
/// https://arxiv.org/abs/2205.14135, appendix B). Heads that share K and V add up their dK and dV.
///
/// Kernels of a GPU take the keys in tiles, with an online softmax; those of a CPU take all keys of a block of queries
/// at once.
///
/// With gamma below 0 the softmax is clipped (Bondarenko et al. 2023, https://arxiv.org/abs/2306.12929, section 4.1,
/// equation 4, with zeta = 1):
///
///     W = max((1 - gamma) P + gamma, 0)
///     Y = W V
///
/// A key whose probability is at most -gamma / (1 - gamma) has the weight 0, exactly. So a head can ignore keys, or all
/// of them, by scores of ordinary size, where a softmax needs endless ones. A row of weights adds up to at most 1: the
/// k weights that are left to at most (1 - gamma) + k gamma. None exceeds 1, so the paper's upper bound has no effect.
///
/// The gradient of a clipped weight is 0, and the sum r is taken over the keys, since dY . Y has another part:
///
///     Y = W V                             so  dV = W^T dY  and  dW = dY V^T
///     W = max((1 - gamma) P + gamma, 0)   so  dP = (1 - gamma) dW where W > 0, and 0 elsewhere
///
/// The weight of a key is known when the sum over all keys is. So a GPU goes over the keys twice, and so does its
/// gradient, for r. Errors: a gamma above 0.
Tensor causal_attention(const Tensor& qkv, const HeadLayout& layout, float gamma = 0.0F);

}  // namespace octet
