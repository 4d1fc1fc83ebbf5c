#include "quant/codebook_scale.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "quant/scales.h"
#include "tensor/half.h"

namespace octet {
namespace {

constexpr float kLargestFp16 = 65504.0F;

/// The level nearest to a number, found by counting the middles between neighbours that lie below it: always 16
/// comparisons and no branches, which the compiler makes a few instructions.
class SortedLevels {
 public:
  explicit SortedLevels(std::span<const float> levels) {
    check(!levels.empty() && levels.size() <= levels_.size(), "[codebook] expected 1 to 16 levels, got {}",
          levels.size());
    std::copy(levels.begin(), levels.end(), levels_.begin());
    std::sort(levels_.begin(), levels_.begin() + levels.size());
    middles_.fill(std::numeric_limits<float>::infinity());
    for (std::size_t i = 1; i < levels.size(); ++i) {
      middles_[i] = 0.5F * (levels_[i - 1] + levels_[i]);
    }
  }
  float nearest(float x) const {
    int index = 0;
    for (const float middle : middles_) {
      index += x > middle ? 1 : 0;
    }
    return levels_[static_cast<std::size_t>(index)];
  }

 private:
  std::array<float, 16> levels_ = {}, middles_;  // middles_[0] is infinite
};

/// A scale that was tried, and the one that is best for the levels that it chose.
struct Trial {
  float scale = 0.0F;
  double error = std::numeric_limits<double>::infinity();
  double next = 0.0;
};

Trial try_scale(std::span<const float> values, std::span<const float> weights, const SortedLevels& levels,
                float scale) {
  double error = 0.0, product = 0.0, square = 0.0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double x = values[i], weight = weights.empty() ? 1.0 : static_cast<double>(weights[i]);
    const double level = levels.nearest(values[i] / scale);
    const double difference = x - level * static_cast<double>(scale);
    error += weight * difference * difference;
    product += weight * x * level;
    square += weight * level * level;
  }
  return {scale, error, square > 0.0 ? product / square : 0.0};
}

}  // namespace

int nearest_level(float x, std::span<const float> levels) {
  std::size_t nearest = 0;
  for (std::size_t i = 1; i < levels.size(); ++i) {
    nearest = std::fabs(x - levels[i]) < std::fabs(x - levels[nearest]) ? i : nearest;
  }
  return static_cast<int>(nearest);
}

float nearest_fp16(float scale) {
  return to_float(to_float16(std::clamp(scale, -kLargestFp16, kLargestFp16)));
}

double codebook_error(std::span<const float> values, std::span<const float> weights, std::span<const float> levels,
                      float scale) {
  return try_scale(values, weights, SortedLevels(levels), scale).error;
}

float find_codebook_scale(std::span<const float> values, std::span<const float> weights, std::span<const float> levels,
                          const StorableScale& storable) {
  constexpr int kReaches = 13;         // 0.7, 0.75, ... 1.3
  constexpr int kMostRefinements = 8;  // few are needed; two scales may also take turns for ever
  const float largest = largest_magnitude(values);
  if (largest == 0.0F) {
    return 0.0F;
  }
  const SortedLevels sorted(levels);
  const float absmax = largest / largest_magnitude(levels);
  Trial best = try_scale(values, weights, sorted, storable(absmax));
  for (const float sign : {1.0F, -1.0F}) {
    Trial of_sign = try_scale(values, weights, sorted, storable(sign * absmax));
    const auto consider = [&](float scale) {
      const Trial trial = try_scale(values, weights, sorted, storable(scale));
      const bool better = trial.error < of_sign.error;
      of_sign = better ? trial : of_sign;
      return better;
    };
    for (int i = 0; i < kReaches; ++i) {
      consider(sign * absmax / (0.7F + 0.05F * static_cast<float>(i)));
    }
    for (int i = 0; i < kMostRefinements && consider(static_cast<float>(of_sign.next)); ++i) {
    }
    best = of_sign.error < best.error ? of_sign : best;
  }
  return best.scale;
}

}  // namespace octet
