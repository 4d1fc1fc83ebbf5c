#pragma once

#include "tensor/tensor.h"

namespace octet {

/// Each head's output times a number between 0 and 1: x (..., H D), logits (..., H) -> y (..., H D),
///
///     s_h = 1 / (1 + exp(-logit_h)),   y_(h, d) = s_h x_(h, d)
///
/// so that a head can do nothing without attention weights that say so. Gradients: dx_(h, d) = s_h dy_(h, d) and
/// dlogit_h = s_h (1 - s_h) sum over d of dy_(h, d) x_(h, d).
/// Bondarenko et al. 2023, https://arxiv.org/abs/2306.12929, section 4.2. There is no kernel for a GPU: tensors must be
/// in CPU memory. Errors: shapes that do not fit.
Tensor head_gate(const Tensor& x, const Tensor& logits);

}  // namespace octet
