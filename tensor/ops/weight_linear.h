#pragma once

#include "tensor/formats/packed_weight.h"
#include "tensor/ops/activation.h"
#include "tensor/tensor.h"

namespace octet {

/// y = f(x W^T + bias) with FP32 x (..., K) and a weight of any packed format, unpacked in registers:
///   y[m, n] = f(sum over groups g of (sum over k in g of x[m, k] * code[n, k]) * scale[n, g] + bias[n])
/// bias (N) or undefined; y (..., N). Not recorded: layers that need gradients use linear() on the dequantized weight.
Tensor weight_linear(const Tensor& x, const PackedWeight& weight, const Tensor& bias = {},
                     const Epilogue& epilogue = {});

}  // namespace octet
