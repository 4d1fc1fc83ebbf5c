#pragma once

#include "tensor/tensor.h"

namespace octet {

/// Batched product op(a) op(b): a (..., M, K), b (..., K, N) with equal leading dimensions, result (..., M, N). With
/// `transpose_a` a is given as (..., K, M); with `transpose_b` b is given as (..., N, K).
/// Gradients (without transposition): da = dy b^T, db = a^T dy.
Tensor matmul(const Tensor& a, const Tensor& b, bool transpose_a = false, bool transpose_b = false);

}  // namespace octet
