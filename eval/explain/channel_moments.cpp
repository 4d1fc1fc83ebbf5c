#include "eval/explain/channel_moments.h"

namespace octet {

ChannelMoments::ChannelMoments(const Tensor& x)
    : mean(static_cast<std::size_t>(x.dim(1))), variance(static_cast<std::size_t>(x.dim(1))) {
  const auto rows = static_cast<double>(x.dim(0));
  const std::span<const float> values = x.span<float>();
  for (std::size_t i = 0; i < values.size(); ++i) mean[i % mean.size()] += static_cast<double>(values[i]) / rows;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double deviation = static_cast<double>(values[i]) - mean[i % mean.size()];
    variance[i % mean.size()] += deviation * deviation / rows;
  }
}

double ChannelMoments::error_of(const Tensor& exact, const Tensor& rounded, std::span<const double> gains) const {
  check(exact.shape() == rounded.shape() && exact.dim(1) == static_cast<std::int64_t>(mean.size()),
        "[explain] expected two matrices of {} columns, got {} and {}", mean.size(), exact.shape(), rounded.shape());
  double error = 0;
  const float *w = exact.data<float>(), *q = rounded.data<float>();
  for (std::int64_t row = 0; row < exact.dim(0); ++row) {
    double along_mean = 0;
    for (std::size_t j = 0; j < mean.size(); ++j) {
      const double gain = gains.empty() ? 1.0 : gains[j];
      const double wrong = gain * (static_cast<double>(*q++) - static_cast<double>(*w++));
      along_mean += wrong * mean[j];
      error += wrong * wrong * variance[j];
    }
    error += along_mean * along_mean;
  }
  return error;
}

}  // namespace octet
