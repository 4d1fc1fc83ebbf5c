#include "quant/minmax.h"

#include <algorithm>
#include <cmath>

#include "quant/rounder.h"
#include "quant/scales.h"
#include "tensor/half.h"

namespace octet {

Grid minmax_grid(const GridKind& kind, std::span<const float> values) {
  Grid grid{.highest = kind.highest()};
  const auto [smallest, greatest] = std::minmax_element(values.begin(), values.end());
  const float low = std::min(*smallest, 0.0F), high = std::max(*greatest, 0.0F);
  if (low == high) {
    return grid;  // both are 0
  }
  grid.minimum = to_float(to_float16(low));
  check(std::isfinite(grid.minimum), "[quantize] expected weights whose minimum fits FP16, got a minimum of {}", low);
  const auto highest = static_cast<float>(grid.highest);
  // Divided before subtracting, so that the range cannot overflow.
  grid.scale = storable_scale(high / highest - low / highest, high - grid.minimum, highest);
  return grid;
}

Codes minmax_quantize(const Tensor& w, int bits, Granularity granularity, std::int64_t group) {
  const Tensor dense = checked_weights(w);
  const GridKind kind{.bits = bits, .symmetric = false, .scale_dtype = DType::f16};
  CodesRounder rounder(
      w.dim(0), w.dim(1), kind, granularity, group,
      [kind](std::span<const float> values, std::span<const float>) { return minmax_grid(kind, values); });
  round_to_nearest(dense, rounder);
  return rounder.codes();
}

}  // namespace octet
