#include "quant/minmax.h"

#include <algorithm>
#include <cmath>

#include "base/parallel.h"
#include "quant/storable.h"
#include "tensor/half.h"

namespace octet {
namespace {

/// The grid of the values that share it.
struct Grid {
  float scale;
  float minimum;
};

Grid grid_of(const float* values, std::int64_t count, int codes) {
  const auto [smallest, greatest] = std::minmax_element(values, values + count);
  const float low = std::min(*smallest, 0.0F), high = std::max(*greatest, 0.0F);
  if (low == high) {
    return {1.0F, 0.0F};  // both are 0
  }
  const float minimum = to_float(to_float16(low));
  check(std::isfinite(minimum), "[quantize] expected weights whose minimum fits FP16, got a minimum of {}", low);
  const auto largest = static_cast<float>(codes);
  // Divided before subtracting, so that the range cannot overflow.
  return {storable_scale(high / largest - low / largest, high - minimum, largest), minimum};
}

void choose_grids(const Tensor& w, Codes& result) {
  const std::int64_t columns = w.dim(1), run = result.columns_per_scale(), groups = result.groups();
  float *scales = result.scales.data<float>(), *minimums = result.minimums.data<float>();
  const auto choose = [&](std::int64_t place, const float* values, std::int64_t count) {
    const Grid grid = grid_of(values, count, result.highest_code());
    scales[place] = grid.scale;
    minimums[place] = grid.minimum;
  };
  if (result.granularity == Granularity::per_tensor) {
    choose(0, w.data<float>(), w.elements());
    return;
  }
  parallel_for(w.dim(0), 64, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      for (std::int64_t first = 0; first < columns; first += run) {
        choose(row * groups + first / run, w.data<float>() + row * columns + first, std::min(run, columns - first));
      }
    }
  });
}

}  // namespace

Codes minmax_quantize(const Tensor& w, int bits, Granularity granularity, std::int64_t group) {
  if (bits < 2 || bits > 4) {
    fail(ErrorKind::config, "[quantize] expected 2 to 4 bits for codes with a minimum, got {}", bits);
  }
  const Tensor dense = checked_weights(w);
  const std::int64_t columns = w.dim(1);
  const Shape grids = scales_shape(w.dim(0), columns, granularity, group);
  Codes result{
      Tensor::empty(w.shape(), DType::i8), Tensor::empty(grids), bits, granularity, group, Tensor::empty(grids)};
  choose_grids(dense, result);
  const std::int64_t run = result.columns_per_scale();
  const auto largest = static_cast<float>(result.highest_code());
  const float* values = dense.data<float>();
  std::int8_t* codes = result.codes.data<std::int8_t>();
  parallel_for(w.dim(0), 64, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      for (std::int64_t c = 0; c < columns; ++c) {
        const float above = values[row * columns + c] - result.minimum(row, c / run);
        const float code = std::nearbyint(above / result.scale(row, c / run));
        codes[row * columns + c] = static_cast<std::int8_t>(std::clamp(code, 0.0F, largest));
      }
    }
  });
  return result;
}

}  // namespace octet
