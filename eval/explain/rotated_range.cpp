#include "eval/explain/rotated_range.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace octet {
namespace {

constexpr int kPoints = 64;  // of a table over p^(1/4)

double normal_below(double t) {
  return 0.5 * std::erfc(-t / std::sqrt(2.0));
}

/// rotated_range for an outlier of size A, 0 <= A <= 1.
double range_of(double outlier, std::int64_t n) {
  const double s = std::sqrt(std::max(0.0, 1.0 - outlier * outlier));
  if (s < 1e-6) return 1.0;
  constexpr int kSteps = 500;
  constexpr double kReach = 8;  // standard deviations: beyond there is nothing
  const double width = (outlier + kReach * s) / kSteps;
  double sum = 0;
  for (int i = 0; i < kSteps; ++i) {
    const double t = (i + 0.5) * width;
    const double within = normal_below((t - outlier) / s) - normal_below((-t - outlier) / s);
    sum += 2 * t * (1 - std::pow(within, static_cast<double>(n))) * width;
  }
  return sum;
}

}  // namespace

double rotated_range(double p, std::int64_t n) {
  return range_of(std::pow(std::clamp(p, 0.0, 1.0), 0.25), n);
}

double mean_rotated_range(std::span<const float> values, std::int64_t columns) {
  std::vector<double> table;
  for (int i = 0; i <= kPoints; ++i) table.push_back(range_of(static_cast<double>(i) / kPoints, columns));
  const auto n = static_cast<std::size_t>(columns);
  double sum = 0;
  for (std::size_t row = 0; row < values.size() / n; ++row) {
    double squares = 0, fourths = 0;
    for (const float x : values.subspan(row * n, n)) {
      const double square = static_cast<double>(x) * x;
      squares += square;
      fourths += square * square;
    }
    if (squares == 0) continue;
    const double place = std::pow(fourths / (squares * squares), 0.25) * kPoints;
    const auto low = std::min(static_cast<std::size_t>(place), static_cast<std::size_t>(kPoints - 1));
    const double share = place - static_cast<double>(low);
    sum += squares / static_cast<double>(columns) * ((1 - share) * table[low] + share * table[low + 1]);
  }
  return sum / (static_cast<double>(values.size()) / static_cast<double>(columns));
}

}  // namespace octet
