#include "quant/scales.h"

#include <algorithm>
#include <cmath>

#include "base/parallel.h"
#include "tensor/half.h"

namespace octet {

Tensor checked_weights(const Tensor& w) {
  check(w.rank() == 2 && w.dtype() == DType::f32 && w.elements() > 0,
        "[quantize] expected a matrix of f32 weights, got shape {} of {}", w.shape(), name_of(w.dtype()));
  const Tensor dense = w.is_contiguous() ? w : w.clone();
  const auto values = dense.span<float>();
  const auto bad = std::find_if(values.begin(), values.end(), [](float value) { return !std::isfinite(value); });
  if (bad != values.end()) {
    fail(ErrorKind::run, "[quantize] expected finite weights, got {} at row {}, column {}", *bad,
         (bad - values.begin()) / w.dim(1), (bad - values.begin()) % w.dim(1));
  }
  return dense;
}

void for_each_scale(const Tensor& w, Granularity granularity, std::int64_t group,
                    const std::function<void(std::int64_t, std::span<const float>)>& find) {
  const std::span<const float> values = w.span<float>();
  if (granularity == Granularity::per_tensor) {
    find(0, values);
    return;
  }
  const std::int64_t columns = w.dim(1), run = Codes::scale_run(granularity, group, columns);
  parallel_for(w.dim(0), 64, [&](std::int64_t begin, std::int64_t end) {
    std::int64_t index = begin * ((columns + run - 1) / run);
    for (std::int64_t row = begin; row < end; ++row) {
      for (std::int64_t first = 0; first < columns; first += run, ++index) {
        find(index, values.subspan(static_cast<std::size_t>(row * columns + first),
                                   static_cast<std::size_t>(std::min(run, columns - first))));
      }
    }
  });
}

void round_to_grid(const Tensor& w, Codes& grid) {
  grid.codes = Tensor::empty(w.shape(), DType::i8);
  const std::int64_t columns = w.dim(1), run = grid.columns_per_scale();
  const auto limit = static_cast<float>(largest_code(grid.bits));
  const float* values = w.data<float>();
  std::int8_t* codes = grid.codes.data<std::int8_t>();
  parallel_for(w.dim(0), 64, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      for (std::int64_t c = 0; c < columns; ++c) {
        const float code = std::nearbyint(values[row * columns + c] / grid.scale(row, c / run));
        codes[row * columns + c] = static_cast<std::int8_t>(std::clamp(code, -limit, limit));
      }
    }
  });
}

float largest_magnitude(std::span<const float> values) {
  float largest = 0.0F;
  for (const float value : values) {
    largest = std::max(largest, std::fabs(value));
  }
  return largest;
}

float storable_scale(float scale, float reach, float limit) {
  Float16 stored = to_float16(scale);
  if (reach >= (limit + 0.5F) * to_float(stored)) {
    ++stored.bits;  // positive FP16 numbers are ordered like their bits
  }
  check(std::isfinite(to_float(stored)), "[quantize] expected weights whose scale fits FP16, got a scale of {}", scale);
  return to_float(stored);
}

}  // namespace octet
