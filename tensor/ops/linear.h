#pragma once

#include "tensor/tensor.h"

namespace octet {

/// y = x W^T + bias + residual, with x (..., K), W (N, K), y (..., N); bias (N) and residual (..., N) may be undefined.
/// Gradients: dx = dy W, dW = dy^T x, dbias = sum of dy over rows, dresidual = dy.
Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias = {}, const Tensor& residual = {});

}  // namespace octet
