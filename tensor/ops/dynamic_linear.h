#pragma once

#include "tensor/formats/packed_weight.h"
#include "tensor/kernels/int_kernels.h"
#include "tensor/ops/activation.h"
#include "tensor/tensor.h"

namespace octet {

/// How rows become int8 codes: in the order of a layout, and with one scale for each row (0) or for all.
struct CodeScheme {
  CodeLayout layout;
  float static_scale = 0.0F;

  bool operator==(const CodeScheme&) const = default;
};

/// Activations (M, K) as int8 codes with one scale per row (per token): what quantize_rows() makes of them.
struct QuantizedRows {
  Tensor codes;        ///< (M, stride) i8
  Tensor scales;       ///< (M) f32
  Tensor corrections;  ///< (M, groups) i32, -128 times the sum of the codes of each group
  Shape shape;         ///< of the activations: (..., K)
  CodeScheme scheme;   ///< how they were made

  CodeRows view() const {
    return {scales.dim(0), codes.data<std::int8_t>(), scales.data<float>(), corrections.data<std::int32_t>()};
  }
  /// For kernels that write them: of contiguous x.
  QuantizeRowsArgs args(const Tensor& x) const;
};

/// Codes of the rows of x (..., K): code = round_half_even(x / scale) in [-127, 127], where scale is max|x| / 127 of
/// the row, or `static_scale` for all rows where that is not 0. All-zero rows get codes 0, rows with NaN or infinity
/// scale NaN.
QuantizedRows quantize_rows(const Tensor& x, const CodeLayout& layout, float static_scale = 0.0F);
/// As many, not yet written, for x of that shape. Errors: another number of columns than the layout has.
QuantizedRows empty_rows(const Tensor& x, const CodeScheme& scheme);

/// The exact part alone, (groups, M, N) i32: equal with == on every backend. Errors: weights without integer codes.
Tensor integer_product(const QuantizedRows& x, const PackedWeight& weight);

/// y = f(x W^T + bias) with x (..., K) quantized per row on the fly, int32 sums and one float epilogue:
///   y[m, n] = f((sum over groups g of sums[g, m, n] * weight_scale[n, g]) * x_scale[m] + bias[n]) + residual[m, n]
/// bias (N) or undefined; y (..., N). backward() through it is an error: rounded activations have no gradient.
Tensor dynamic_linear(const Tensor& x, const PackedWeight& weight, const Tensor& bias = {},
                      const Epilogue& epilogue = {});

/// The same with codes of x that are there already, of dynamic or static scales. Errors: another layout than that of
/// the weight.
Tensor dynamic_linear(const QuantizedRows& x, const PackedWeight& weight, const Tensor& bias = {},
                      const Epilogue& epilogue = {});

/// The same with one scale for all rows, found beforehand by calibration: values beyond 127 * scale are clipped.
/// Errors: scale <= 0.
Tensor static_linear(const Tensor& x, float scale, const PackedWeight& weight, const Tensor& bias = {},
                     const Epilogue& epilogue = {});

}  // namespace octet
