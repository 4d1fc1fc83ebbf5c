#pragma once

#include <cstdint>
#include <span>

#include "tensor/tensor.h"

namespace octet {

/// The 16 integer levels (16) i8 of a table4 that suit the weights w (R, C) with blocks of `block` columns: Lloyd's
/// algorithm. In turns,
///
///     each block gets the scale s that is best for the levels (find_codebook_scale)
///     each level moves to the mean of the x / s that are nearest to it, weighted by s^2, which makes the sum
///         of (x - s level)^2 smallest
///     the levels are stretched until the outermost is 127 or -127, and rounded to integers
///
/// and the best of all turns is kept. The start is kTable4Levels, so nothing is lost against it on the blocks that are
/// looked at: all of them, or kFittedBlocks evenly spread ones of a larger matrix. `importance` (C): what an error in
/// each column counts; empty: all alike.
///
/// Source: Lloyd 1982, "Least squares quantization in PCM", https://doi.org/10.1109/TIT.1982.1056489, method I.
Tensor fit_levels(const Tensor& w, std::int64_t block, std::span<const float> importance = {});

inline constexpr std::int64_t kFittedBlocks = 1 << 14;

}  // namespace octet
