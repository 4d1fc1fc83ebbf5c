#pragma once

#include <functional>
#include <span>

// The scale of a block of weights that are rounded to 16 levels: a weight x becomes the level nearest to x / s, times
// s. Functions of numbers alone, for whatever chooses weights, such as rounding to nearest (quant/codebook.h).

namespace octet {

/// The index of the level nearest to x, in any order of levels; of equally near ones the first, and 0 for NaN.
int nearest_level(float x, std::span<const float> levels);

/// What a format can store in place of a scale, the nearest of it: a pure function.
using StorableScale = std::function<float(float)>;
/// The nearest FP16 number; beyond 65,504 that, and it may be 0.
float nearest_fp16(float scale);

/// What the search minimises: the sum over i of weights[i] (values[i] - s levels[nearest to values[i] / s])^2, in
/// double. `weights` are empty (1 each) or as many as `values`.
double codebook_error(std::span<const float> values, std::span<const float> weights, std::span<const float> levels,
                      float scale);

/// The scale s that makes codebook_error() small, by search:
///   1. scales of either sign that put the largest magnitude 0.7 to 1.3 times as far out as the outermost level
///   2. from the best of each sign, in turn: the nearest levels q for s, then the s that is best for these,
///      sum(w x q) / sum(w q^2), until nothing improves
/// Both signs are tried, since a table may be asymmetric: that of table4 reaches to -127 and to 113. Every scale is
/// made `storable` before it is tried, so what is returned can be stored; the scale that puts the largest magnitude on
/// the outermost level (absmax) is among them, so none is worse than that. 0 where all values are 0.
///
/// A pure function. Values are finite, weights finite and not negative, and there are at most 16 levels.
float find_codebook_scale(std::span<const float> values, std::span<const float> weights, std::span<const float> levels,
                          const StorableScale& storable = nearest_fp16);

}  // namespace octet
