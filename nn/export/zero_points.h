#pragma once

#include "tensor/formats/codes.h"

namespace octet {

/// A grid whose value 0 has a code: value = scale (code - zero point).
struct ZeroPointCodes {
  Codes codes;         ///< symmetric in form: codes in [-2^(bits-1), 2^(bits-1) - 1] before the zero point is taken off
  Tensor zero_points;  ///< i8, in the same range, in the shape of the scales
};

/// Codes with a minimum, per channel or per group, on the nearest such grid. Where the values of a group lie on both
/// sides of 0, the step stays and every value moves by the same at most half a step; else the step grows until the grid
/// reaches 0.
ZeroPointCodes with_zero_points(const Codes& codes);

}  // namespace octet
