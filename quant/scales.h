#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "tensor/formats/codes.h"

// What methods of rounding share. Rules that find a scale from the values that share it are in grid.h; how they become
// the codes of a matrix, in rounder.h.

namespace octet {

/// The contiguous form of a matrix of f32. Errors: another rank or dtype; NaN or infinity, named with its index.
Tensor checked_weights(const Tensor& w);

/// Calls find(index, values) once for each scale of the contiguous matrix w, on several threads. `values` are those
/// that share it: the matrix, a row, or a group of a row. `index` is its place among scales_shape() in row-major order.
void for_each_scale(const Tensor& w, Granularity granularity, std::int64_t group,
                    const std::function<void(std::int64_t index, std::span<const float> values)>& find);

/// Rounds w to nearest on the symmetric grid that `grid` describes, and sets its codes: what lies beyond the largest
/// code, or minus it, becomes that. w is contiguous.
void round_to_grid(const Tensor& w, Codes& grid);

/// max|x|, 0 for no values.
float largest_magnitude(std::span<const float> values);

/// The FP16 number nearest to a positive `scale`. Among FP16's subnormal numbers the nearest may be so much smaller
/// that `reach` lies more than half a step beyond the largest code `limit`: then the next larger one. Errors: beyond
/// FP16.
float storable_scale(float scale, float reach, float limit);

}  // namespace octet
