#include "quant/absmax.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "quant/scales.h"

namespace octet {
namespace {

float absmax_scale(float largest, int limit, DType scale_dtype) {
  if (largest == 0.0F) {
    return 1.0F;
  }
  // Weights below 1e-36 would make the scale subnormal and inexact; FP32's smallest normal number serves as well.
  const float scale = std::max(largest / static_cast<float>(limit), std::numeric_limits<float>::min());
  return scale_dtype == DType::f16 ? storable_scale(scale, largest, static_cast<float>(limit)) : scale;
}

}  // namespace

Tensor absmax_scales(const Tensor& w, int bits, Granularity granularity, std::int64_t group, DType scale_dtype) {
  check(scale_dtype == DType::f32 || scale_dtype == DType::f16, "[quantize] expected scales in f32 or f16, got {}",
        name_of(scale_dtype));
  const int limit = largest_code(bits);
  const Tensor dense = checked_weights(w);
  Tensor scales = Tensor::empty(scales_shape(w.dim(0), w.dim(1), granularity, group));
  for_each_scale(dense, granularity, group, [&](std::int64_t index, std::span<const float> values) {
    scales.data<float>()[index] = absmax_scale(largest_magnitude(values), limit, scale_dtype);
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
  return round_to_codes(w, absmax_scales(w, bits, granularity, group, scale_dtype), bits, granularity, group);
}

}  // namespace octet
