#include "quant/clip.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace octet {
namespace {

std::vector<float> values_of(const Tensor& x) {
  std::vector<float> values = x.to_vector();
  check(!values.empty(), "[clip] expected at least one value, got shape {}", x.shape());
  return values;
}

}  // namespace

Tensor clip(const Tensor& x, float limit) {
  if (!(limit > 0.0F)) {
    fail(ErrorKind::config, "[clip] expected a positive limit, got {}", limit);
  }
  std::vector<float> values = values_of(x);
  for (float& value : values) {
    value = std::clamp(value, -limit, limit);
  }
  return Tensor::from(values, x.shape());
}

float percentile_limit(const Tensor& x, double percent) {
  if (!(percent > 0.0 && percent <= 100.0)) {
    fail(ErrorKind::config, "[clip] expected a percentile above 0 and up to 100, got {}", percent);
  }
  std::vector<float> magnitudes = values_of(x);
  std::transform(magnitudes.begin(), magnitudes.end(), magnitudes.begin(), [](float v) { return std::fabs(v); });
  // 99.9 % of 1000 values are 999, also where the product rounds up to 999.0000000000001.
  const double exact = percent / 100.0 * static_cast<double>(magnitudes.size());
  const double rank = std::max(1.0, std::ceil(exact * (1.0 - 1e-12)));
  const auto nth = magnitudes.begin() + static_cast<std::ptrdiff_t>(rank) - 1;
  std::nth_element(magnitudes.begin(), nth, magnitudes.end());
  return *nth;
}

float deviation_limit(const Tensor& x, double deviations) {
  if (!(deviations > 0.0)) {
    fail(ErrorKind::config, "[clip] expected a positive number of standard deviations, got {}", deviations);
  }
  const std::vector<float> values = values_of(x);
  const auto count = static_cast<double>(values.size());
  double sum = 0.0;
  for (const float value : values) {
    sum += value;
  }
  const double mean = sum / count;
  double squares = 0.0;
  for (const float value : values) {
    squares += (value - mean) * (value - mean);
  }
  return static_cast<float>(std::fabs(mean) + deviations * std::sqrt(squares / count));
}

}  // namespace octet
