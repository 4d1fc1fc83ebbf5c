#include "eval/explain/rounding_noise.h"

#include <algorithm>
#include <cmath>

namespace octet {
namespace {

/// Antiderivatives, from 0 on, of what rounding to multiples of `step` makes of r, up to `end` and beyond it.
struct RoundingIntegrals {
  double step, end;

  /// Of (Q(r) - r)^2: each whole step adds step^3 / 12.
  double error(double r) const {
    const double inside = std::min(r, end), level = std::round(inside / step);
    const double rest = inside - level * step, beyond = r - inside;
    return level * step * step * step / 12 + rest * rest * rest / 3 + beyond * beyond * beyond / 3;
  }
  /// Of r Q(r): level k holds r from (k - 1/2) step to (k + 1/2) step, which adds k^2 step^3.
  double product(double r) const {
    const double inside = std::min(r, end), level = std::round(inside / step);
    const double below = std::max(level - 1, 0.0), first = std::max((level - 0.5) * step, 0.0);
    const double whole = step * step * step * below * (below + 1) * (2 * below + 1) / 6;
    const double last = level * step * (inside * inside - first * first) / 2;
    return whole + last + end * (r * r - inside * inside) / 2;
  }
};

}  // namespace

ReachHistogram::ReachHistogram(std::int64_t columns)
    : weights_(static_cast<std::size_t>(columns) * kPlaces),
      below_(static_cast<std::size_t>(columns)),
      counts_(static_cast<std::size_t>(columns)) {}

void ReachHistogram::add(std::int64_t column, float value, float range) {
  const auto index = static_cast<std::size_t>(column);
  ++counts_[index];
  if (value == 0.0F) return;
  const double magnitude = std::fabs(static_cast<double>(value)), square = static_cast<double>(range) * range;
  const double octaves = std::log2(magnitude / range) + kOctaves;  // from the lower end of the bins
  int place = 1 + static_cast<int>(std::floor(octaves * kPerOctave));
  place = magnitude == range ? kPlaces - 1 : std::clamp(place, 0, kPlaces - 2);
  if (place == 0) {
    below_[index] += magnitude * magnitude;
  } else {
    weights_[index * kPlaces + static_cast<std::size_t>(place)] += square;
  }
}

ColumnNoise ReachHistogram::noise_of(std::int64_t column, double step, double end) const {
  const auto index = static_cast<std::size_t>(column);
  const double* weights = weights_.data() + index * kPlaces;
  const RoundingIntegrals integrals = {step, end};
  double power = below_[index], error = below_[index], product = 0;  // sums of x^2, (Q - x)^2, x Q
  for (int place = 1; place < kPlaces - 1; ++place) {
    if (weights[place] == 0) continue;
    const double a = std::exp2(static_cast<double>(place - 1) / kPerOctave - kOctaves);
    const double b = std::exp2(static_cast<double>(place) / kPerOctave - kOctaves);
    power += weights[place] * (b * b * b - a * a * a) / (3 * (b - a));
    error += weights[place] * (integrals.error(b) - integrals.error(a)) / (b - a);
    product += weights[place] * (integrals.product(b) - integrals.product(a)) / (b - a);
  }
  const double top = weights[kPlaces - 1];
  power += top;
  error += top * (1 - end) * (1 - end);
  product += top * end;
  if (power == 0) return {};
  const double gain = product / power;
  return {gain, std::max(0.0, error - (1 - gain) * (1 - gain) * power) / counts_[index]};
}

std::vector<ColumnNoise> ReachHistogram::noise(double step, double end) const {
  std::vector<ColumnNoise> all;
  for (std::size_t column = 0; column < counts_.size(); ++column) {
    all.push_back(noise_of(static_cast<std::int64_t>(column), step, end));
  }
  return all;
}

}  // namespace octet
