#pragma once

#include "tensor/formats/packed_weight.h"
#include "tensor/tensor.h"

namespace octet {

/// Activations (M, K) as int8 codes with one scale per row (per token): what quantize_rows() makes of them.
struct QuantizedRows {
  Tensor codes;   ///< (M, stride) i8
  Tensor scales;  ///< (M) f32
  Tensor sums;    ///< (M, groups) i32, of the codes of each group

  CodeRows view() const {
    return {scales.dim(0), codes.data<std::int8_t>(), scales.data<float>(), sums.data<std::int32_t>()};
  }
};

/// Codes of the rows of x (..., K): scale = max|x| / 127, code = round_half_even(x / scale). All-zero rows get scale 0,
/// rows with NaN or infinity scale NaN.
QuantizedRows quantize_rows(const Tensor& x, const CodeLayout& layout);

/// The exact part alone, (groups, M, N) i32: equal with == on every backend.
Tensor integer_product(const QuantizedRows& x, const PackedWeight& weight);

/// y = x W^T + bias with x (..., K) quantized per row on the fly, int32 sums and one float epilogue:
///   y[m, n] = (sum over groups g of sums[g, m, n] * weight_scale[n, g]) * x_scale[m] + bias[n]
/// bias (N) or undefined; y (..., N). backward() through it is an error: rounded activations have no gradient.
Tensor dynamic_linear(const Tensor& x, const PackedWeight& weight, const Tensor& bias = {});

}  // namespace octet
