#include "eval/outliers/outlier_impact.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "quant/absmax.h"
#include "quant/scales.h"
#include "tensor/ops/view.h"

namespace octet {
namespace {

/// One scale for all values such that the largest code stands for `limit`; what is beyond becomes the largest code.
Codes quantize_within(const Tensor& matrix, double limit, int bits) {
  const Tensor scale = Tensor::full({1}, static_cast<float>(limit / largest_code(bits)));
  return round_to_codes(matrix, scale, bits, Granularity::per_tensor);
}

double squared_error(const Tensor& matrix, const Codes& codes) {
  const Tensor restored = dequantize(codes);
  const std::span<const float> a = matrix.span<float>(), b = restored.span<float>();
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double error = static_cast<double>(a[i]) - b[i];
    sum += error * error;
  }
  return sum;
}

std::string title_of(InputGrid grid, double clip) {
  switch (grid) {
    case InputGrid::whole:
      return "One scale for all";
    case InputGrid::clipped:
      return fmt::format("One scale, clipped at {:.3g}", clip);
    case InputGrid::token:
      return "One scale per token";
    case InputGrid::channel:
      return "One scale per channel";
  }
  return "";
}

double share_beyond(std::span<const float> values, double limit) {
  const auto beyond = std::count_if(values.begin(), values.end(), [&](float x) { return std::abs(x) > limit; });
  return static_cast<double>(beyond) / static_cast<double>(values.size());
}

}  // namespace

GriddedInputs to_grid(const Tensor& inputs, InputGrid grid, int bits, double clip) {
  if (grid == InputGrid::channel) {
    const Codes codes = absmax_quantize(channels_first(inputs), bits, Granularity::per_channel);
    return {channels_first(codes.codes), channels_first(dequantize(codes)), median_scale(codes)};
  }
  const Codes codes = grid == InputGrid::clipped ? quantize_within(inputs, clip, bits)
                                                 : absmax_quantize(inputs, bits,
                                                                   grid == InputGrid::token ? Granularity::per_channel
                                                                                            : Granularity::per_tensor);
  return {codes.codes, dequantize(codes), median_scale(codes)};
}

/// Shrinks the limit step by step: rounding errors fall with its square while clipping errors rise.
double best_clip(const Tensor& inputs, int bits) {
  constexpr double kShrink = 0.9;
  constexpr int kSteps = 60;  // down to 0.2 % of the largest value
  double best_limit = largest_magnitude(inputs.span<float>());
  if (best_limit == 0) return 0;
  double best_error = std::numeric_limits<double>::infinity();
  double limit = best_limit;
  for (int step = 0; step < kSteps; ++step, limit *= kShrink) {
    const double error = squared_error(inputs, quantize_within(inputs, limit, bits));
    if (error < best_error) {
      best_error = error;
      best_limit = limit;
    }
  }
  return best_limit;
}

GridPanel panel_of(const ImpactVariant& variant, const Tensor& original) {
  return {variant.title, original.span<float>(), variant.rounded.values.span<float>(),
          variant.rounded.codes.span<std::int8_t>(), variant.rounded.step};
}

OutlierImpact study_outlier_impact(const std::string& layer, const Tensor& inputs, int bits) {
  OutlierImpact impact{layer, bits, contiguous(inputs), 0, 0, {}};
  check(largest_magnitude(impact.original.span<float>()) > 0, "[outlier impact] {}: expected values, got zeros only",
        layer);
  impact.clip = best_clip(impact.original, bits);
  impact.clipped = share_beyond(impact.original.span<float>(), impact.clip);
  for (const InputGrid grid : kInputGrids) {
    ImpactVariant variant{title_of(grid, impact.clip), to_grid(impact.original, grid, bits, impact.clip), {}};
    variant.use = measure_grid_use(panel_of(variant, impact.original), bits);
    impact.variants.push_back(std::move(variant));
  }
  return impact;
}

double median_scale(const Codes& codes) {
  std::vector<float> scales = codes.scales.to_vector();
  std::transform(scales.begin(), scales.end(), scales.begin(), [](float scale) { return std::fabs(scale); });
  const auto middle = scales.begin() + static_cast<std::ptrdiff_t>(scales.size() / 2);
  std::nth_element(scales.begin(), middle, scales.end());
  return *middle;
}

Tensor channels_first(const Tensor& activations) {
  return contiguous(transpose(activations, 0, 1));
}

}  // namespace octet
