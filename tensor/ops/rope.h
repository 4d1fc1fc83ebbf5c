#pragma once

#include "tensor/kv_kernels.h"
#include "tensor/ops/attention.h"
#include "tensor/tensor.h"

namespace octet {

/// Rotary position embedding of the queries and keys in qkv (B, T, (H + 2 Hkv) D); values pass through. Element i of
/// the first half of a head and element i of its second half are rotated by the angle (past + t) * theta^(-2
/// i / D): the half-split order of Hugging Face's Llama. Su et al. 2021, https://arxiv.org/abs/2104.09864, equation 34.
/// D must be even.
Tensor rope(const Tensor& qkv, const HeadLayout& layout, float theta = 10000.0F, Past past = {});

}  // namespace octet
