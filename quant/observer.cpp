#include "quant/observer.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "tensor/kernels/int_kernels.h"

namespace octet {
namespace {

constexpr std::size_t kLevels = 128;  // magnitudes of int8
constexpr std::size_t kStride = 16;   // bins between two limits that are tried: 1/256 of the histogram's reach

/// The end of the bin before `bins`.
double edge(const InputRange& range, std::size_t bins) {
  return static_cast<double>(range.reach()) * static_cast<double>(bins) / static_cast<double>(range.bins().size());
}

/// The limit with the least `loss(bins)` among the ends of bins from 128 on, up to the largest input.
template <class Loss>
float best_limit(const InputRange& range, const Loss& loss) {
  double least = std::numeric_limits<double>::infinity();
  auto best = static_cast<double>(range.largest());
  for (std::size_t bins = kLevels; bins <= range.bins().size(); bins += kStride) {
    if (const double found = loss(bins); found < least) {
      least = found;
      best = edge(range, bins);
    }
    if (edge(range, bins) >= static_cast<double>(range.largest())) {
      break;
    }
  }
  return std::min(static_cast<float>(best), range.largest());
}

}  // namespace

double clipping_error(const InputRange& range, double limit) {
  const auto bins = range.bins();
  const double step = limit / 127.0;
  double error = 0.0;
  for (std::size_t bin = 0; bin < bins.size(); ++bin) {
    const double magnitude = (edge(range, bin) + edge(range, bin + 1)) / 2.0;
    const double each = magnitude <= limit ? step * step / 12.0 : (magnitude - limit) * (magnitude - limit);
    error += static_cast<double>(bins[bin]) * each;
  }
  return error / static_cast<double>(range.count());
}

double level_divergence(const InputRange& range, std::size_t bins) {
  const auto seen = range.bins();
  const auto total = static_cast<double>(range.count());
  double clipped = 0.0;
  for (std::size_t bin = bins; bin < seen.size(); ++bin) {
    clipped += static_cast<double>(seen[bin]);
  }
  const double kept = total - clipped;
  double divergence = 0.0;
  for (std::size_t level = 0; level < kLevels; ++level) {
    const std::size_t first = level * bins / kLevels, end = (level + 1) * bins / kLevels;
    double sum = 0.0, used = 0.0;
    for (std::size_t bin = first; bin < end; ++bin) {
      sum += static_cast<double>(seen[bin]);
      used += seen[bin] > 0 ? 1.0 : 0.0;
    }
    for (std::size_t bin = first; bin < end; ++bin) {
      // A level knows how many inputs it holds and not where among the bins that are used.
      const double q = seen[bin] > 0 ? sum / used / kept : 0.0;
      const double p = (static_cast<double>(seen[bin]) + (bin + 1 == bins ? clipped : 0.0)) / total;
      if (p > 0.0) {
        divergence += q > 0.0 ? p * std::log(p / q) : std::numeric_limits<double>::infinity();
      }
    }
  }
  return divergence;
}

float observed_limit(const InputRange& range, const CalibrationConfig& config) {
  const float largest = range.limit(100.0);  // refuses a range of nothing
  switch (config.observer) {
    case Observer::percentile:
      break;
    case Observer::moving_average:
      return range.moving_average();
    case Observer::mse:
      return largest == 0.0F
                 ? largest
                 : best_limit(range, [&](std::size_t bins) { return clipping_error(range, edge(range, bins)); });
    case Observer::kl:
      return largest == 0.0F ? largest
                             : best_limit(range, [&](std::size_t bins) { return level_divergence(range, bins); });
  }
  return range.limit(config.percentile);
}

StaticGrid static_grid(const InputRange& range, const CalibrationConfig& config) {
  const float limit = observed_limit(range, config);
  if (limit < kSmallestRow) {
    return {};
  }
  if (config.symmetric) {
    return {limit / 127.0F, 0};
  }
  const double a = std::min(static_cast<double>(range.smallest()), 0.0);
  const double b = std::max(static_cast<double>(range.highest()), 0.0);
  const auto scale = static_cast<float>((b - a) / 254.0);
  const double zero_point = -std::nearbyint((a + b) / (2.0 * static_cast<double>(scale)));
  return {scale, static_cast<int>(std::clamp(zero_point, -127.0, 127.0))};
}

}  // namespace octet
