#include "eval/outliers/outliers.h"

#include <algorithm>
#include <cmath>

#include "base/parallel.h"

namespace octet {

/// What one chunk of rows adds.
struct OutlierCounter::Partial {
  double max_deviation = 0;
  double fourth_powers = 0;
  std::int64_t beyond_sigma = 0;
  std::int64_t beyond_absolute = 0;
  std::vector<float> channel_max;
  std::vector<std::int64_t> channel_beyond;

  /// `inverse`: 1 / std, or 0 where that is 0.
  void add(std::span<const float> row, double mean, double inverse, double sigma_bound, double absolute_bound) {
    for (std::size_t c = 0; c < row.size(); ++c) {
      const float magnitude = std::abs(row[c]);
      const double deviation = std::abs(row[c] - mean);
      max_deviation = std::max(max_deviation, deviation);
      channel_max[c] = std::max(channel_max[c], magnitude);
      beyond_sigma += deviation > sigma_bound ? 1 : 0;
      const int is_beyond = magnitude >= absolute_bound ? 1 : 0;
      beyond_absolute += is_beyond;
      channel_beyond[c] += is_beyond;
      const double square = deviation * inverse * deviation * inverse;
      fourth_powers += square * square;
    }
  }
};

OutlierCounter::OutlierCounter(std::string layer, const RunningMoments& moments, const OutlierOptions& options)
    : options_(options) {
  check(std::isfinite(moments.mean) && std::isfinite(moments.squares),
        "[outliers] {}: expected finite values, got a mean of {}", layer, moments.mean);
  stats_.layer = std::move(layer);
  stats_.moments = moments;
}

void OutlierCounter::add(const Tensor& x) {
  const auto channels = static_cast<std::size_t>(x.dim(-1));
  if (stats_.channel_max.empty()) {
    stats_.channel_max.resize(channels);
    stats_.channel_beyond.resize(channels);
  }
  check(stats_.channel_max.size() == channels, "[outliers] {}: expected {} channels, got {}", stats_.layer,
        stats_.channel_max.size(), x.shape());
  const std::span<const float> values = x.span<float>();
  const auto rows = static_cast<std::int64_t>(values.size() / channels);
  const double deviation = stats_.moments.standard_deviation();
  const double sigma_bound = options_.threshold * deviation;
  const double inverse = deviation > 0 ? 1 / deviation : 0;

  constexpr std::int64_t kRowsPerChunk = 256;
  std::vector<Partial> partials(
      static_cast<std::size_t>((rows + kRowsPerChunk - 1) / kRowsPerChunk),
      Partial{.channel_max = std::vector<float>(channels), .channel_beyond = std::vector<std::int64_t>(channels)});
  parallel_for(rows, kRowsPerChunk, [&](std::int64_t begin, std::int64_t end) {
    Partial& partial = partials[static_cast<std::size_t>(begin / kRowsPerChunk)];
    for (std::int64_t r = begin; r < end; ++r) {
      partial.add(values.subspan(static_cast<std::size_t>(r) * channels, channels), stats_.moments.mean, inverse,
                  sigma_bound, options_.absolute);
    }
  });
  for (const Partial& partial : partials) {
    merge(partial);
  }
}

void OutlierCounter::merge(const Partial& partial) {
  max_deviation_ = std::max(max_deviation_, partial.max_deviation);
  fourth_powers_ += partial.fourth_powers;
  stats_.beyond_sigma += partial.beyond_sigma;
  stats_.beyond_absolute += partial.beyond_absolute;
  for (std::size_t c = 0; c < partial.channel_max.size(); ++c) {
    stats_.channel_max[c] = std::max(stats_.channel_max[c], partial.channel_max[c]);
    stats_.channel_beyond[c] += partial.channel_beyond[c];
  }
}

OutlierStats OutlierCounter::finish() const {
  OutlierStats stats = stats_;
  const double deviation = stats.moments.standard_deviation();
  if (deviation > 0) {
    stats.max_over_std = max_deviation_ / deviation;
    stats.kurtosis = fourth_powers_ / static_cast<double>(stats.moments.count);
  }
  for (const float channel : stats.channel_max) {
    stats.max_abs = std::max(stats.max_abs, static_cast<double>(channel));
  }
  return stats;
}

OutlierStats matrix_outliers(const std::string& name, const Tensor& matrix, const OutlierOptions& options) {
  OutlierCounter counter(name, moments_of(matrix.span<float>()), options);
  counter.add(matrix);
  return counter.finish();
}

}  // namespace octet
