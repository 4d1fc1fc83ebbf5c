#include "quant/absmax.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/parallel.h"
#include "quant/storable.h"

namespace octet {
namespace {

float largest_magnitude(const float* values, std::int64_t count) {
  float largest = 0.0F;
  for (std::int64_t i = 0; i < count; ++i) {
    largest = std::max(largest, std::fabs(values[i]));
  }
  return largest;
}

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
  const std::int64_t rows = w.dim(0), columns = w.dim(1);
  const float* values = dense.data<float>();
  Tensor scales = Tensor::empty(scales_shape(rows, columns, granularity, group));
  float* scale = scales.data<float>();
  if (granularity == Granularity::per_tensor) {
    scale[0] = absmax_scale(largest_magnitude(values, rows * columns), limit, scale_dtype);
    return scales;
  }
  const std::int64_t run = Codes::scale_run(granularity, group, columns);
  const std::int64_t groups = (columns + run - 1) / run;
  parallel_for(rows, 64, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      for (std::int64_t first = 0; first < columns; first += run) {
        const float largest = largest_magnitude(values + row * columns + first, std::min(run, columns - first));
        scale[row * groups + first / run] = absmax_scale(largest, limit, scale_dtype);
      }
    }
  });
  return scales;
}

Codes round_to_codes(const Tensor& w, const Tensor& scales, int bits, Granularity granularity, std::int64_t group) {
  const auto limit = static_cast<float>(largest_code(bits));
  const Tensor dense = checked_weights(w);
  Codes result{Tensor::empty(w.shape(), DType::i8), scales, bits, granularity, group};
  const Shape expected = scales_shape(w.dim(0), w.dim(1), granularity, group);
  check(scales.shape() == expected, "[quantize] expected scales of shape {}, got {}", expected, scales.shape());
  const std::int64_t columns = w.dim(1), run = result.columns_per_scale();
  const float* values = dense.data<float>();
  std::int8_t* codes = result.codes.data<std::int8_t>();
  parallel_for(w.dim(0), 64, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      for (std::int64_t c = 0; c < columns; ++c) {
        const float code = std::nearbyint(values[row * columns + c] / result.scale(row, c / run));
        codes[row * columns + c] = static_cast<std::int8_t>(std::clamp(code, -limit, limit));
      }
    }
  });
  return result;
}

Codes absmax_quantize(const Tensor& w, int bits, Granularity granularity, std::int64_t group, DType scale_dtype) {
  return round_to_codes(w, absmax_scales(w, bits, granularity, group, scale_dtype), bits, granularity, group);
}

}  // namespace octet
