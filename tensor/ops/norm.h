#pragma once

#include "tensor/ops/dynamic_linear.h"
#include "tensor/tensor.h"

namespace octet {

/// y = (x - mean) / sqrt(variance + epsilon) * gain + bias over the last dimension; x (..., C), gain (C), bias (C).
/// Gradients, with s = 1 / sqrt(variance + epsilon), n = (x - mean) s and g = dy * gain:
///
///     dx = s (g - mean(g) - n mean(g n)),   dgain = sum of dy n over the rows,   dbias = sum of dy over the rows
///
/// Ba et al. 2016, https://arxiv.org/abs/1607.06450, equation 4.
Tensor layer_norm(const Tensor& x, const Tensor& gain, const Tensor& bias, float epsilon = 1e-5F);

/// y = x / sqrt(mean(x^2) + epsilon) * gain over the last dimension; x (..., C), gain (C). The gradients are those of
/// layer_norm without the term mean(g).
/// Zhang and Sennrich 2019, https://arxiv.org/abs/1910.07467, equation 4.
Tensor rms_norm(const Tensor& x, const Tensor& gain, float epsilon = 1e-5F);

/// A norm, and its codes for layers that multiply int8.
struct NormCodes {
  Tensor y;
  QuantizedRows codes;
};

/// The norm and quantize_rows() of it, the same bits by one kernel. No gradient is recorded.
NormCodes layer_norm_codes(const Tensor& x, const Tensor& gain, const Tensor& bias, float epsilon,
                           const CodeScheme& scheme);
NormCodes rms_norm_codes(const Tensor& x, const Tensor& gain, float epsilon, const CodeScheme& scheme);

}  // namespace octet
