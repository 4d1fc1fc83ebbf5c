#include "nn/export/zero_points.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace octet {

namespace {

/// A grid of steps from low on that reaches 0.
struct Grid {
  float step;
  float zero;  ///< code of the value 0, before it is rounded
  bool keeps_codes;
};

Grid grid_of(float scale, float minimum, int highest) {
  const float end = minimum + static_cast<float>(highest) * scale;
  if (scale > 0.0F && minimum <= 0.0F && end >= 0.0F) return {scale, -minimum / scale, true};
  const float low = std::min({minimum, end, 0.0F}), high = std::max({minimum, end, 0.0F});
  const float step = (high - low) / static_cast<float>(highest);
  return {step, -low / step, false};
}

}  // namespace

ZeroPointCodes with_zero_points(const Codes& codes) {
  check(!codes.is_symmetric() && codes.granularity != Granularity::per_tensor,
        "[export] expected codes with a minimum for each channel or group");
  const int highest = codes.highest_code(), offset = 1 << (codes.bits - 1);
  const std::int64_t columns = codes.columns(), run = codes.columns_per_scale();
  ZeroPointCodes result{
      {Tensor::empty(codes.codes.shape(), DType::i8), codes.scales.clone(), codes.bits, codes.granularity, codes.group},
      Tensor::empty(codes.scales.shape(), DType::i8)};
  const auto in_range = [&](long code) { return std::clamp(code, 0L, static_cast<long>(highest)); };
  for (std::int64_t row = 0; row < codes.rows(); ++row) {
    for (std::int64_t group = 0; group < codes.groups(); ++group) {
      const float scale = codes.scale(row, group), minimum = codes.minimum(row, group);
      const Grid grid = grid_of(scale, minimum, highest);
      const long zero = in_range(std::lround(grid.zero));
      const std::int64_t place = row * codes.groups() + group;
      result.codes.scales.data<float>()[place] = grid.step;
      result.zero_points.data<std::int8_t>()[place] = static_cast<std::int8_t>(zero - offset);
      for (std::int64_t c = group * run; c < std::min(columns, (group + 1) * run); ++c) {
        long code = codes.codes.data<std::int8_t>()[row * columns + c];
        if (!grid.keeps_codes) {
          const float value = static_cast<float>(code) * scale + minimum;
          code = in_range(std::lround(value / grid.step) + zero);
        }
        result.codes.codes.data<std::int8_t>()[row * columns + c] = static_cast<std::int8_t>(code - offset);
      }
    }
  }
  return result;
}

}  // namespace octet
