#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "eval/explain/layer_sample.h"
#include "eval/explain/rounding_noise.h"

namespace octet {

// max |x| of all that share a scale, for each way to share one. m is a matrix (R, C) of f32.

float matrix_range(const Tensor& m);
std::vector<float> row_ranges(const Tensor& m);
std::vector<float> column_ranges(const Tensor& m);
/// Of the windows of a sample.
std::vector<float> window_ranges(const LayerSample& sample);

/// The largest value that the scale of place (row, column) covers.
using RangeOf = std::function<float(std::int64_t row, std::int64_t column)>;
ReachHistogram reach_of(const Tensor& m, const RangeOf& range);

}  // namespace octet
