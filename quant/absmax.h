#pragma once

#include "quant/grid.h"

namespace octet {

/// Symmetric rounding to nearest, for 2 to 8 bits:
///
///     scale = max|X| / (2^(bits-1) - 1)          over the matrix, a row, or a group of a row
///     Q     = clamp(round_half_even(X / scale), -(2^(bits-1) - 1), 2^(bits-1) - 1)
///
/// w (R, C) of f32. The last group of a row may be shorter, and a group larger than the row is the row. Where all of X
/// is zero the codes are 0 and the scale is 1. `scale_dtype` f16 rounds each scale to FP16 before it is used, as
/// Int4Weight stores it. |X - Q scale| <= scale / 2.
///
/// Source: Dettmers et al. 2022, "LLM.int8()", https://arxiv.org/abs/2208.07339, section 2 (absmax quantization).
/// Errors: NaN or infinity in w, named with its index; bits outside 2..8 or group < 1 (config); a scale beyond FP16.
Codes absmax_quantize(const Tensor& w, int bits, Granularity granularity, std::int64_t group = 0,
                      DType scale_dtype = DType::f32);

/// The grid of values that share a scale.
Grid absmax_grid(const GridKind& kind, std::span<const float> values);

/// The scales alone.
Tensor absmax_scales(const Tensor& w, int bits, Granularity granularity, std::int64_t group = 0,
                     DType scale_dtype = DType::f32);

/// The codes for given scales, of the shape scales_shape(): what is beyond the largest code is clamped to it.
Codes round_to_codes(const Tensor& w, const Tensor& scales, int bits, Granularity granularity, std::int64_t group = 0);

}  // namespace octet
