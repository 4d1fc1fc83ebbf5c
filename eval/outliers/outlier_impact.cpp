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

/// One scale for the matrix such that the largest code stands for `limit`; what is beyond becomes the largest code.
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

/// Shrinks the limit step by step: rounding errors fall with its square while clipping errors rise.
double best_clip(const Tensor& matrix, double largest, int bits) {
  constexpr double kShrink = 0.9;
  constexpr int kSteps = 60;  // down to 0.2 % of the largest value
  double best_limit = largest;
  double best_error = std::numeric_limits<double>::infinity();
  double limit = largest;
  for (int step = 0; step < kSteps; ++step, limit *= kShrink) {
    const double error = squared_error(matrix, quantize_within(matrix, limit, bits));
    if (error < best_error) {
      best_error = error;
      best_limit = limit;
    }
  }
  return best_limit;
}

ImpactVariant make_variant(std::string title, Codes codes, const Tensor& original) {
  ImpactVariant variant{std::move(title), std::move(codes), {}, {}};
  variant.dequantized = dequantize(variant.codes);
  variant.use = measure_grid_use(panel_of(variant, original), variant.codes.bits);
  return variant;
}

double share_beyond(std::span<const float> values, double limit) {
  const auto beyond = std::count_if(values.begin(), values.end(), [&](float x) { return std::abs(x) > limit; });
  return static_cast<double>(beyond) / static_cast<double>(values.size());
}

}  // namespace

GridPanel panel_of(const ImpactVariant& variant, const Tensor& original) {
  return {variant.title, original.span<float>(), variant.dequantized.span<float>(),
          variant.codes.codes.span<std::int8_t>(), median_scale(variant.codes)};
}

OutlierImpact study_outlier_impact(const std::string& layer, const Tensor& matrix, int bits) {
  OutlierImpact impact{layer, bits, contiguous(matrix), 0, 0, {}};
  const double largest = largest_magnitude(impact.original.span<float>());
  check(largest > 0, "[outlier impact] {}: expected values, got zeros only", layer);
  impact.clip = best_clip(impact.original, largest, bits);
  impact.clipped = share_beyond(impact.original.span<float>(), impact.clip);

  const auto add = [&](std::string title, Codes codes) {
    impact.variants.push_back(make_variant(std::move(title), std::move(codes), impact.original));
  };
  add("One scale for the matrix", absmax_quantize(impact.original, bits, Granularity::per_tensor));
  add(fmt::format("One scale, clipped at {:.3g}", impact.clip), quantize_within(impact.original, impact.clip, bits));
  add("One scale per channel", absmax_quantize(impact.original, bits, Granularity::per_channel));
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
