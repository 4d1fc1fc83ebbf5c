#include "quant/transforms/smooth_search.h"

#include <algorithm>

#include "quant/transforms/awq.h"
#include "quant/transforms/smooth.h"

namespace octet {
namespace {

constexpr int kTenths = 10;  // alpha = 0/10 to 10/10

}  // namespace

double smoothing_error(const ScalableInput& input, const ChannelRange& channels, const WeightScheme& scheme,
                       std::span<const float> s) {
  std::vector<double> of_channel;
  double largest = 0;
  for (std::int64_t j = 0; j < input.channels(); ++j) {
    of_channel.push_back(
        static_cast<double>(s[static_cast<std::size_t>(input.factor_of[static_cast<std::size_t>(j)])]));
    largest = std::max(largest, static_cast<double>(channels.largest(j)) / of_channel.back());
  }
  const double step = largest / 127.0;
  double squares = 0;  // of W diag(s)
  for (const Tensor& weight : input.weights) {
    const std::span<const float> w = weight.span<float>();
    for (std::size_t i = 0; i < w.size(); ++i) {
      const double scaled = static_cast<double>(w[i]) * of_channel[i % of_channel.size()];
      squares += scaled * scaled;
    }
  }
  return awq_error(input, channels, scheme, s) + squares * step * step / 12.0;
}

SmoothChoice choose_smoothing(const ScalableInput& input, const ChannelRange& channels, const WeightScheme& scheme) {
  SmoothChoice best;
  for (int i = 0; i <= kTenths; ++i) {
    const double alpha = static_cast<double>(i) / kTenths;
    std::vector<float> s = smoothing_factors(input, channels, alpha);
    const double error = smoothing_error(input, channels, scheme, s);
    if (i == 0 || error < best.error) {
      best = {alpha, error, std::move(s)};
    }
  }
  return best;
}

void smooth_by_search(Gpt& model, const WeightScheme& scheme, const Calibration& calibration) {
  const std::vector<ScalableInput> inputs = scalable_inputs(model);
  for (const ScalableInput& input : inputs) {
    observed_channels(input, calibration);
  }
  for (const ScalableInput& input : inputs) {
    scale_input(input, choose_smoothing(input, observed_channels(input, calibration), scheme).s);
  }
}

}  // namespace octet
