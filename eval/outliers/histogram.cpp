#include "eval/outliers/histogram.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"

namespace octet {

double Histogram::share(std::size_t bin) const {
  std::int64_t total = outside + nonfinite;
  for (const std::int64_t count : counts) total += count;
  return total == 0 ? 0 : static_cast<double>(counts[bin]) / static_cast<double>(total);
}

Histogram make_histogram(std::span<const float> values, double low, double high, int bins) {
  check(low < high && bins > 0, "[histogram] expected low < high and bins > 0, got {}, {} and {}", low, high, bins);
  Histogram histogram{low, high, std::vector<std::int64_t>(static_cast<std::size_t>(bins), 0)};
  const double bins_per_unit = bins / (high - low);
  for (const float value : values) {
    if (!std::isfinite(value)) {
      ++histogram.nonfinite;
    } else if (value < low || value > high) {
      ++histogram.outside;
    } else {
      const auto bin = static_cast<int>((value - low) * bins_per_unit);
      ++histogram.counts[static_cast<std::size_t>(std::min(bin, bins - 1))];
    }
  }
  return histogram;
}

Moments measure_moments(std::span<const float> values) {
  Moments moments;
  double sum = 0;
  std::size_t count = 0;
  for (const float value : values) {
    if (!std::isfinite(value)) continue;
    sum += value;
    moments.max_abs = std::max(moments.max_abs, std::abs(static_cast<double>(value)));
    ++count;
  }
  if (count == 0) return moments;
  moments.mean = sum / static_cast<double>(count);
  double squares = 0;  // second pass: no cancellation for a mean far from zero
  for (const float value : values) {
    if (std::isfinite(value)) squares += (value - moments.mean) * (value - moments.mean);
  }
  moments.std = std::sqrt(squares / static_cast<double>(count));
  return moments;
}

ErrorSize measure_error(std::span<const float> exact, std::span<const float> approximate) {
  check(exact.size() == approximate.size() && !exact.empty(),
        "[error] expected two spans of the same size > 0, got {} and {}", exact.size(), approximate.size());
  double signal = 0;
  double noise = 0;
  ErrorSize size;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    const double error = static_cast<double>(approximate[i]) - exact[i];
    signal += static_cast<double>(exact[i]) * exact[i];
    noise += error * error;
    size.max_abs = std::max(size.max_abs, std::abs(error));
  }
  size.mse = noise / static_cast<double>(exact.size());
  size.snr_db = noise == 0 ? std::numeric_limits<double>::infinity() : 10 * std::log10(signal / noise);
  return size;
}

}  // namespace octet
