#include "quant/minmax.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "quant/scales.h"
#include "tensor/half.h"

namespace octet {
namespace {

/// Scale and minimum of the values that share them.
std::pair<float, float> grid_of(std::span<const float> values, int highest_code) {
  const auto [smallest, greatest] = std::minmax_element(values.begin(), values.end());
  const float low = std::min(*smallest, 0.0F), high = std::max(*greatest, 0.0F);
  if (low == high) {
    return {1.0F, 0.0F};  // both are 0
  }
  const float minimum = to_float(to_float16(low));
  check(std::isfinite(minimum), "[quantize] expected weights whose minimum fits FP16, got a minimum of {}", low);
  const auto highest = static_cast<float>(highest_code);
  // Divided before subtracting, so that the range cannot overflow.
  return {storable_scale(high / highest - low / highest, high - minimum, highest), minimum};
}

}  // namespace

Codes minmax_quantize(const Tensor& w, int bits, Granularity granularity, std::int64_t group) {
  if (bits < 2 || bits > 4) {
    fail(ErrorKind::config, "[quantize] expected 2 to 4 bits for codes with a minimum, got {}", bits);
  }
  const Tensor dense = checked_weights(w);
  const Shape grids = scales_shape(w.dim(0), w.dim(1), granularity, group);
  Codes result{{}, Tensor::empty(grids), bits, granularity, group, Tensor::empty(grids)};
  for_each_scale(dense, granularity, group, [&](std::int64_t index, std::span<const float> values) {
    std::tie(result.scales.data<float>()[index], result.minimums.data<float>()[index]) =
        grid_of(values, result.highest_code());
  });
  round_to_grid(dense, result);
  return result;
}

}  // namespace octet
