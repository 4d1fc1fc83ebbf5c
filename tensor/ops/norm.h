#pragma once

#include "tensor/tensor.h"

namespace octet {

/// y = (x - mean) / sqrt(variance + epsilon) * gain + bias over the last dimension; x (..., C), gain (C), bias (C).
/// Ba et al. 2016, https://arxiv.org/abs/1607.06450, equation 4.
Tensor layer_norm(const Tensor& x, const Tensor& gain, const Tensor& bias, float epsilon = 1e-5F);

/// y = x / sqrt(mean(x^2) + epsilon) * gain over the last dimension; x (..., C), gain (C).
/// Zhang and Sennrich 2019, https://arxiv.org/abs/1910.07467, equation 4.
Tensor rms_norm(const Tensor& x, const Tensor& gain, float epsilon = 1e-5F);

}  // namespace octet
