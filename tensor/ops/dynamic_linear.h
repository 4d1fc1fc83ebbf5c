#pragma once

#include "tensor/formats/packed_weight.h"
#include "tensor/kernels/int_kernels.h"
#include "tensor/ops/activation.h"
#include "tensor/tensor.h"

namespace octet {

/// Activations (M, K) as int8 codes with one scale per row (per token): what quantize_rows() makes of them.
struct QuantizedRows {
  Tensor codes;        ///< (M, stride) i8
  Tensor scales;       ///< (M) f32
  Tensor corrections;  ///< (M, groups) i32, -128 times the sum of the codes of each group

  CodeRows view() const {
    return {scales.dim(0), codes.data<std::int8_t>(), scales.data<float>(), corrections.data<std::int32_t>()};
  }
};

/// Codes of the rows of x (..., K): code = round_half_even(x / scale) in [-127, 127], where scale is max|x| / 127 of
/// the row, or `static_scale` for all rows where that is not 0. All-zero rows get codes 0, rows with NaN or infinity
/// scale NaN.
QuantizedRows quantize_rows(const Tensor& x, const CodeLayout& layout, float static_scale = 0.0F);

/// The exact part alone, (groups, M, N) i32: equal with == on every backend. Errors: weights without integer codes.
Tensor integer_product(const QuantizedRows& x, const PackedWeight& weight);

/// y = f(x W^T + bias) with x (..., K) quantized per row on the fly, int32 sums and one float epilogue:
///   y[m, n] = f((sum over groups g of sums[g, m, n] * weight_scale[n, g]) * x_scale[m] + bias[n]) + residual[m, n]
/// bias (N) or undefined; y (..., N). backward() through it is an error: rounded activations have no gradient.
Tensor dynamic_linear(const Tensor& x, const PackedWeight& weight, const Tensor& bias = {},
                      const Epilogue& epilogue = {});

/// The same with one scale for all rows, found beforehand by calibration: values beyond 127 * scale are clipped.
/// Errors: scale <= 0.
Tensor static_linear(const Tensor& x, float scale, const PackedWeight& weight, const Tensor& bias = {},
                     const Epilogue& epilogue = {});

}  // namespace octet
