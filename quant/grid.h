#pragma once

#include <algorithm>
#include <functional>
#include <span>

#include "tensor/formats/codes.h"

namespace octet {

/// What the values that share a scale can become: code * scale + minimum, for the codes from lowest to highest.
struct Grid {
  float scale = 1.0F;
  float minimum = 0.0F;
  int lowest = 0, highest = 0;

  /// The code of the value nearest to x, half to even.
  int code(float x) const {
    const auto low = static_cast<float>(lowest), high = static_cast<float>(highest);
    constexpr float kRound = 12582912.0F;  // 1.5 * 2^23: a sum with it has no room for a fraction
    return static_cast<int>(std::clamp((x - minimum) / scale, low, high) + kRound - kRound);
  }
  float value(int code) const { return static_cast<float>(code) * scale + minimum; }
};

/// Which codes a grid has, and how its scale is stored.
struct GridKind {
  int bits = 8;
  bool symmetric = true;           ///< false: with a minimum, for 2 to 4 bits; the minimum is stored as the scale is
  DType scale_dtype = DType::f32;  ///< f32 or f16: a scale is rounded to it before it is used

  /// Errors (config): bits out of range.
  int lowest() const;
  int highest() const;
  /// The stored number nearest to `scale`, never 0. Errors: beyond FP16.
  float stored(float scale) const;
  /// The stored number nearest to a minimum, which may be 0.
  float stored_value(float minimum) const;
};

/// Finds the grid of values that share a scale. `weights` tells how much an error of each counts; empty: all alike.
/// The methods of rounding differ in this alone: absmax.h, minmax.h, search.h, hqq.h.
using GridRule = std::function<Grid(std::span<const float> values, std::span<const float> weights)>;

}  // namespace octet
