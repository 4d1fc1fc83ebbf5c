#include "quant/absmax.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "quant/rounder.h"
#include "quant/scales.h"

namespace octet {
namespace {

void check_dtype(DType scale_dtype) {
  check(scale_dtype == DType::f32 || scale_dtype == DType::f16, "[quantize] expected scales in f32 or f16, got {}",
        name_of(scale_dtype));
}

}  // namespace

Grid absmax_grid(const GridKind& kind, std::span<const float> values) {
  const int limit = largest_code(kind.bits);
  Grid grid{.lowest = -limit, .highest = limit};
  const float largest = largest_magnitude(values);
  if (largest == 0.0F) {
    return grid;
  }
  // Weights below 1e-36 would make the scale subnormal and inexact; FP32's smallest normal number serves as well.
  const float scale = std::max(largest / static_cast<float>(limit), std::numeric_limits<float>::min());
  grid.scale = kind.scale_dtype == DType::f16 ? storable_scale(scale, largest, static_cast<float>(limit)) : scale;
  return grid;
}

Tensor absmax_scales(const Tensor& w, int bits, Granularity granularity, std::int64_t group, DType scale_dtype) {
  check_dtype(scale_dtype);
  const GridKind kind{.bits = bits, .scale_dtype = scale_dtype};
  static_cast<void>(kind.highest());  // an error for bits out of range
  const Tensor dense = checked_weights(w);
  Tensor scales = Tensor::empty(scales_shape(w.dim(0), w.dim(1), granularity, group));
  for_each_scale(dense, granularity, group, [&](std::int64_t index, std::span<const float> values) {
    scales.data<float>()[index] = absmax_grid(kind, values).scale;
  });
  return scales;
}

Codes round_to_codes(const Tensor& w, const Tensor& scales, int bits, Granularity granularity, std::int64_t group) {
  const Tensor dense = checked_weights(w);
  const Shape expected = scales_shape(w.dim(0), w.dim(1), granularity, group);
  check(scales.shape() == expected, "[quantize] expected scales of shape {}, got {}", expected, scales.shape());
  Codes result{{}, scales, bits, granularity, group};
  round_to_grid(dense, result);
  return result;
}

Codes absmax_quantize(const Tensor& w, int bits, Granularity granularity, std::int64_t group, DType scale_dtype) {
  check_dtype(scale_dtype);
  const Tensor dense = checked_weights(w);
  const GridKind kind{.bits = bits, .scale_dtype = scale_dtype};
  CodesRounder rounder(
      w.dim(0), w.dim(1), kind, granularity, group,
      [kind](std::span<const float> values, std::span<const float>) { return absmax_grid(kind, values); });
  round_to_nearest(dense, rounder);
  return rounder.codes();
}

}  // namespace octet
