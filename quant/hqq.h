#pragma once

#include "quant/grid.h"

namespace octet {

/// HQQ: keeps the scale of the grid from minimum to maximum and moves the minimum, so that most weights are met well
/// and a few are allowed to be missed. With W_q the rounded weights it alternates, for twenty turns or until nothing
/// gets better,
///
///     E       = shrink(W - W_q), what is missed        shrink(x) = sign(x) max(|x| - |x|^(p-1) / beta, 0), p = 0.7
///     minimum = mean(W - E - scale code)
///
/// with beta growing from 10 by 1 % a turn; x is in units of the range of the group. `kind` has a minimum.
///
/// Source: Badri and Shaji 2023, "Half-Quadratic Quantization of Large Machine Learning Models",
/// https://mobiusml.github.io/hqq_blog/ (equations of its two sub-problems), here with a minimum in place of a zero
/// point.
Grid hqq_grid(const GridKind& kind, std::span<const float> values);

}  // namespace octet
