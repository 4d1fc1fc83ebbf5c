#pragma once

#include "tensor/ops/attention.h"
#include "tensor/tensor.h"

namespace octet {

/// Rotary position embedding of the queries and keys in qkv (B, T, (H + 2 Hkv) D); values pass through. Element i of
/// the first half of a head and element i of its second half are rotated by the angle (first_position + t) * theta^(-2
/// i / D): the half-split order of Hugging Face's Llama. Su et al. 2021, https://arxiv.org/abs/2104.09864, equation 34.
/// D must be even.
Tensor rope(const Tensor& qkv, const HeadLayout& layout, float theta = 10000.0F, std::int64_t first_position = 0);

}  // namespace octet
