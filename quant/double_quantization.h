#pragma once

#include "tensor/formats/block_scales.h"

namespace octet {

/// QLoRA's double quantization of positive scales (R, blocks) of f32:
///
///     mean  = of all scales (1 where there are none)
///     step  = max|scale - mean| / 127            over 256 scales in a row, rows one behind the other
///     code  = round_half_even((scale - mean) / step)
///
/// The mean is taken out because scales are positive, and a symmetric grid would waste a half of its codes. A code that
/// would make a scale 0 or negative, which happens beside one that is hundreds of times larger, is raised to the first
/// that does not. A scale of 0 is that of a block of zeros, which any scale restores: it does not count, and becomes
/// the mean.
///
/// Source: Dettmers et al. 2023, "QLoRA", https://arxiv.org/abs/2305.14314, section 3.
BlockScales double_quantize(const Tensor& scales);

}  // namespace octet
