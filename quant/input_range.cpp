#include "quant/input_range.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace octet {

/// Makes the histogram cover `magnitude`.
void InputRange::reach_to(float magnitude) {
  if (magnitude <= reach_) {
    return;
  }
  int exponent = 0;
  static_cast<void>(std::frexp(magnitude, &exponent));
  const float reach = std::ldexp(1.0F, exponent);
  // Zeros alone are in bin 0 whatever the reach. Else merge bins until the new power of two is reached.
  for (; reach_ > 0.0F && reach_ < reach; reach_ *= 2.0F) {
    for (std::size_t bin = 0; bin < kBins / 2; ++bin) {
      bins_[bin] = bins_[2 * bin] + bins_[2 * bin + 1];
    }
    std::fill(bins_.begin() + kBins / 2, bins_.end(), std::int64_t{0});
  }
  reach_ = reach;
}

void InputRange::add(std::span<const float> values) {
  float largest = 0.0F;
  for (const float value : values) {
    if (!std::isfinite(value)) {
      fail(ErrorKind::run, "[calibration] expected finite inputs, got {}", value);
    }
    largest = std::max(largest, std::fabs(value));
  }
  if (!values.empty()) {
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    smallest_ = count_ == 0 ? *low : std::min(smallest_, *low);
    highest_ = count_ == 0 ? *high : std::max(highest_, *high);
  }
  reach_to(largest);
  average_ = count_ == 0 ? largest : average_ + kAveragingConstant * (largest - average_);
  largest_ = std::max(largest_, largest);
  count_ += static_cast<std::int64_t>(values.size());
  // In double, so that no reach makes the factor overflow.
  const double bins_per_unit = reach_ == 0.0F ? 0.0 : static_cast<double>(kBins) / static_cast<double>(reach_);
  for (const float value : values) {
    const auto bin = static_cast<std::size_t>(std::fabs(static_cast<double>(value)) * bins_per_unit);
    ++bins_[std::min(bin, kBins - 1)];
  }
}

float InputRange::limit(double percentile) const {
  check(count_ > 0, "[calibration] expected inputs before asking for their range, got none");
  if (!(percentile > 0.0 && percentile <= 100.0)) {
    fail(ErrorKind::config, "[calibration] expected a percentile above 0 and up to 100, got {}", percentile);
  }
  // 99.9 % of 1000 values are 999, also where the product rounds up to 999.0000000000001.
  const double wanted = percentile / 100.0 * static_cast<double>(count_) * (1.0 - 1e-12);
  double seen = 0;
  for (std::size_t bin = 0; bin < kBins && percentile < 100.0; ++bin) {
    seen += static_cast<double>(bins_[bin]);
    if (seen >= wanted) {
      const auto edge = static_cast<float>(bin + 1) / static_cast<float>(kBins) * reach_;
      return std::min(edge, largest_);
    }
  }
  return largest_;
}

}  // namespace octet
