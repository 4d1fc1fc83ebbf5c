#include "quant/channel_range.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace octet {

void ChannelRange::add(std::span<const float> values, std::int64_t channels) {
  const auto width = static_cast<std::size_t>(channels);
  check(channels > 0 && values.size() % width == 0, "[calibration] expected rows of {} channels, got {} values",
        channels, values.size());
  if (rows_ == 0) {
    largest_.assign(width, 0.0F);
    magnitudes_.assign(width, 0.0);
    squares_.assign(width, 0.0);
  }
  check(largest_.size() == width, "[calibration] expected {} channels as before, got {}", largest_.size(), channels);
  for (std::size_t first = 0; first < values.size(); first += width) {
    for (std::size_t j = 0; j < width; ++j) {
      const float magnitude = std::fabs(values[first + j]);
      largest_[j] = std::max(largest_[j], magnitude);
      magnitudes_[j] += static_cast<double>(magnitude);
      squares_[j] += static_cast<double>(magnitude) * static_cast<double>(magnitude);
    }
  }
  rows_ += static_cast<std::int64_t>(values.size() / width);
}

std::size_t ChannelRange::index(std::int64_t channel) const {
  check(rows_ > 0 && channel >= 0 && channel < channels(),
        "[calibration] expected one of {} channels that were observed, got {}", channels(), channel);
  return static_cast<std::size_t>(channel);
}

float ChannelRange::largest(std::int64_t channel) const {
  return largest_[index(channel)];
}

double ChannelRange::mean_magnitude(std::int64_t channel) const {
  return magnitudes_[index(channel)] / static_cast<double>(rows_);
}

double ChannelRange::mean_square(std::int64_t channel) const {
  return squares_[index(channel)] / static_cast<double>(rows_);
}

}  // namespace octet
