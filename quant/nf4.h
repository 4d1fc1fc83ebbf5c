#pragma once

#include "tensor/formats/nf4_weight.h"

namespace octet {

/// NormalFloat4:
///
///     scale  = max|X|                                         over `block` neighbours of a row, rounded to FP16
///     nibble = index of the level nearest to X / scale        among kNf4Levels
///
/// w (R, C) of f32; the last block of a row may be shorter, and one larger than the row is the row. Where all of X is
/// zero the scale is 1 and so X is restored exactly. The best 4-bit levels where weights are normally distributed; int4
/// levels are evenly spaced instead.
///
/// Source: Dettmers et al. 2023, "QLoRA", https://arxiv.org/abs/2305.14314, section 3, with its block of 64.
/// Errors: NaN or infinity in w, named with its index; block < 1 (config); a scale beyond FP16.
Nf4Weight nf4_quantize(const Tensor& w, std::int64_t block = 64);

}  // namespace octet
