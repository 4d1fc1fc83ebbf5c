#pragma once

#include "tensor/tensor.h"

namespace octet {

/// y = x W^T + bias, with x (..., K), W (N, K), bias (N) or undefined, y (..., N).
/// Gradients: dx = dy W, dW = dy^T x, dbias = sum of dy over rows.
Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias = {});

}  // namespace octet
