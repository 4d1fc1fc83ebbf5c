#include "eval/score/student_t.h"

#include <cmath>
#include <numbers>
#include <numeric>

#include "base/error.h"

namespace octet {
namespace {

/// 1 + first (c^2) + first * second c^4 + ...: the sums of 26.7.3 and 26.7.4, whose factors are (k - 1) / k for
/// k = start, start + 2, ... up to `last`.
double sum_of_powers(double cosine_squared, std::int64_t start, std::int64_t last) {
  double sum = 1, term = 1;
  for (std::int64_t k = start; k <= last; k += 2) {
    term *= cosine_squared * static_cast<double>(k - 1) / static_cast<double>(k);
    sum += term;
  }
  return sum;
}

double mean_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

}  // namespace

double student_t_share(double t, std::int64_t degrees) {
  check(degrees >= 1, "[student t] expected at least 1 degree of freedom, got {}", degrees);
  const double n = static_cast<double>(degrees);
  const double angle = std::atan(t / std::sqrt(n));
  const double cosine_squared = n / (n + t * t);
  if (degrees % 2 == 0) return std::sin(angle) * sum_of_powers(cosine_squared, 2, degrees - 2);
  double sum = angle;
  if (degrees > 1) sum += std::sin(angle) * std::cos(angle) * sum_of_powers(cosine_squared, 3, degrees - 2);
  return 2 / std::numbers::pi * sum;
}

double student_t_limit(double share, std::int64_t degrees) {
  check(share > 0 && share < 1, "[student t] expected a share between 0 and 1, got {}", share);
  double low = 0, high = 1;
  while (student_t_share(high, degrees) < share) high *= 2;
  constexpr int kHalvings = 100;  // beyond the last bit of a double
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = (low + high) / 2;
    (student_t_share(middle, degrees) < share ? low : high) = middle;
  }
  return (low + high) / 2;
}

double sample_deviation(std::span<const double> values) {
  if (values.size() < 2) return kNotMeasured;
  const double mean = mean_of(values);
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

Interval mean_interval(std::span<const double> values, double confidence) {
  if (values.empty()) return {};
  const double mean = mean_of(values);
  if (values.size() < 2) return {mean, kNotMeasured, kNotMeasured};
  const double reach = student_t_limit(confidence, static_cast<std::int64_t>(values.size()) - 1) *
                       sample_deviation(values) / std::sqrt(static_cast<double>(values.size()));
  return {mean, mean - reach, mean + reach};
}

}  // namespace octet
