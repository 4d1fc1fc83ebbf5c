#pragma once

#include "tensor/formats/fp8_weight.h"

namespace octet {

/// FP8 weights with a scale for each row:
///
///     scale = the smallest power of two from 2^-15 to 2^7 with max|X| / scale <= 448, E4M3's largest number
///     code  = the E4M3 number nearest to X / scale, half to even
///
/// w (R, C) of f32. A number with three bits of mantissa errs by at most 2^-4 of itself, whatever its size, down to
/// 2^-6 of the scale: outliers of a row cost the others nothing, which is what integers of 8 bits cannot say; but where
/// there are none they are finer. A scale that is a power of two changes no mantissa.
///
/// Source: Micikevicius et al. 2022, "FP8 Formats for Deep Learning", https://arxiv.org/abs/2209.05433, section 3.
/// Errors: NaN or infinity in w, named with its index; weights beyond 57,344.
Fp8Weight fp8_quantize(const Tensor& w);

}  // namespace octet
