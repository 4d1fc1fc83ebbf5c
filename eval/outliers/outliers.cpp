#include "eval/outliers/outliers.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/parallel.h"

namespace octet {

/// What one chunk of rows adds.
struct OutlierCounter::Partial {
  double fourth_powers = 0;
  double max_deviation = 0;
  std::vector<float> channel_max;
  std::vector<std::int64_t> channel_sigma;
  std::vector<std::int64_t> channel_absolute;

  explicit Partial(std::size_t channels) : channel_max(channels), channel_sigma(channels), channel_absolute(channels) {}

  void add(std::span<const float> row, double mean, double sigma_bound, double absolute_bound) {
    for (std::size_t c = 0; c < row.size(); ++c) {
      const float magnitude = std::abs(row[c]);
      const double deviation = row[c] - mean;
      const double square = deviation * deviation;
      fourth_powers += square * square;
      max_deviation = std::max(max_deviation, std::abs(deviation));
      channel_max[c] = std::max(channel_max[c], magnitude);
      channel_sigma[c] += std::abs(deviation) > sigma_bound ? 1 : 0;
      channel_absolute[c] += magnitude >= absolute_bound ? 1 : 0;
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
    stats_.channel_sigma.resize(channels);
    stats_.channel_absolute.resize(channels);
  }
  check(stats_.channel_max.size() == channels, "[outliers] {}: expected {} channels, got {}", stats_.layer,
        stats_.channel_max.size(), x.shape());
  const std::span<const float> values = x.span<float>();
  const auto rows = static_cast<std::int64_t>(values.size() / channels);
  const double sigma_bound = options_.threshold * stats_.moments.standard_deviation();

  constexpr std::int64_t kRowsPerChunk = 256;
  std::vector<Partial> partials(static_cast<std::size_t>((rows + kRowsPerChunk - 1) / kRowsPerChunk),
                                Partial(channels));
  parallel_for(rows, kRowsPerChunk, [&](std::int64_t begin, std::int64_t end) {
    Partial& partial = partials[static_cast<std::size_t>(begin / kRowsPerChunk)];
    for (std::int64_t r = begin; r < end; ++r) {
      partial.add(values.subspan(static_cast<std::size_t>(r) * channels, channels), stats_.moments.mean, sigma_bound,
                  options_.absolute);
    }
  });
  for (const Partial& partial : partials) {
    merge(partial);
  }
  stats_.rows += rows;
}

void OutlierCounter::merge(const Partial& partial) {
  fourth_powers_ += partial.fourth_powers;
  max_deviation_ = std::max(max_deviation_, partial.max_deviation);
  for (std::size_t c = 0; c < partial.channel_max.size(); ++c) {
    stats_.channel_max[c] = std::max(stats_.channel_max[c], partial.channel_max[c]);
    stats_.channel_sigma[c] += partial.channel_sigma[c];
    stats_.channel_absolute[c] += partial.channel_absolute[c];
  }
}

OutlierStats OutlierCounter::finish() const {
  OutlierStats stats = stats_;
  const double deviation = stats.moments.standard_deviation();
  if (deviation > 0) {
    stats.max_over_std = max_deviation_ / deviation;
    stats.kurtosis = fourth_powers_ / static_cast<double>(stats.moments.count) / std::pow(deviation, 4);
  }
  for (std::size_t c = 0; c < stats.channel_max.size(); ++c) {
    stats.max_abs = std::max(stats.max_abs, static_cast<double>(stats.channel_max[c]));
    stats.beyond_sigma += stats.channel_sigma[c];
    stats.beyond_absolute += stats.channel_absolute[c];
    if (stats.channel_sigma[c] > 0) {
      stats.top_channels.push_back(static_cast<std::int64_t>(c));
    }
  }
  std::stable_sort(stats.top_channels.begin(), stats.top_channels.end(), [&](std::int64_t a, std::int64_t b) {
    return stats.channel_sigma[static_cast<std::size_t>(a)] > stats.channel_sigma[static_cast<std::size_t>(b)];
  });
  if (static_cast<std::int64_t>(stats.top_channels.size()) > options_.top_channels) {
    stats.top_channels.resize(static_cast<std::size_t>(options_.top_channels));
  }
  return stats;
}

OutlierStats matrix_outliers(const std::string& name, const Tensor& matrix, const OutlierOptions& options) {
  OutlierCounter counter(name, moments_of(matrix.span<float>()), options);
  counter.add(matrix);
  return counter.finish();
}

}  // namespace octet
