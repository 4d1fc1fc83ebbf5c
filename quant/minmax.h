#pragma once

#include "quant/grid.h"

namespace octet {

/// Rounding to nearest on a grid with a minimum, for 2 to 4 bits and Int4Weight:
///
///     low     = min(min X, 0), high = max(max X, 0)             over the matrix, a row, or a group of a row
///     scale   = (high - low) / (2^bits - 1)                     rounded to FP16
///     minimum = low                                             rounded to FP16
///     Q       = clamp(round_half_even((X - minimum) / scale), 0, 2^bits - 1)
///
/// w (R, C) of f32; X is restored as Q scale + minimum. All 2^bits codes are used, where a symmetric grid
/// (quant/absmax.h) leaves one out and spends half of the others on a side that may be empty. The range includes 0, so
/// |minimum| is at most the range, and rounding it to FP16 costs less than a hundredth of a step; groups of equal
/// values c need no rule of their own: their largest code stands for c. Where all of X is zero the codes and the
/// minimum are 0 and the scale is 1. |X - (Q scale + minimum)| <= (1/2 + 2^-5) scale, plus 2^-25 where FP16 is
/// subnormal.
///
/// Source: Frantar et al. 2022, "GPTQ", https://arxiv.org/abs/2210.17323 (the grid of its code, there with an integer
/// zero point); stored like Q4_1 of GGML. Errors: as absmax_quantize; bits outside 2..4 (config); a scale or minimum
/// beyond FP16.
Codes minmax_quantize(const Tensor& w, int bits, Granularity granularity, std::int64_t group = 0);

/// The grid of values that share a scale. `kind` has a minimum.
Grid minmax_grid(const GridKind& kind, std::span<const float> values);

}  // namespace octet
