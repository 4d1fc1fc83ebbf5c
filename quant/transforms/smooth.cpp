#include "quant/transforms/smooth.h"

#include <algorithm>
#include <cmath>

#include "base/config/config.h"

namespace octet {
namespace {

// Smaller maxima count as this one: else a channel that is hardly used gets a factor beyond all bounds.
constexpr float kSmallestMaximum = 1e-5F;

/// max|W_:j| over the weights, of each factor.
std::vector<float> largest_weights(const ScalableInput& input) {
  std::vector<float> largest(static_cast<std::size_t>(input.factors), 0.0F);
  for (const Tensor& weight : input.weights) {
    const float* w = weight.data<float>();
    for (std::int64_t row = 0; row < weight.dim(0); ++row) {
      for (std::int64_t j = 0; j < input.channels(); ++j) {
        float& value = largest[static_cast<std::size_t>(input.factor_of[static_cast<std::size_t>(j)])];
        value = std::max(value, std::fabs(w[row * input.channels() + j]));
      }
    }
  }
  return largest;
}

std::vector<float> largest_inputs(const ScalableInput& input, const ChannelRange& channels) {
  std::vector<float> largest(static_cast<std::size_t>(input.factors), 0.0F);
  for (std::int64_t j = 0; j < input.channels(); ++j) {
    float& value = largest[static_cast<std::size_t>(input.factor_of[static_cast<std::size_t>(j)])];
    value = std::max(value, channels.largest(j));
  }
  return largest;
}

}  // namespace

std::vector<float> smoothing_factors(const ScalableInput& input, const ChannelRange& channels, double alpha) {
  const std::vector<float> x = largest_inputs(input, channels), w = largest_weights(input);
  std::vector<float> s(x.size(), 1.0F);
  for (std::size_t k = 0; k < s.size(); ++k) {
    if (x[k] > 0.0F && w[k] > 0.0F) {
      s[k] = static_cast<float>(std::pow(std::max(x[k], kSmallestMaximum), alpha) /
                                std::pow(std::max(w[k], kSmallestMaximum), 1.0 - alpha));
    }
  }
  return s;
}

void smooth(Gpt& model, const SmoothConfig& config, const Calibration& calibration) {
  SmoothConfig checked = config;
  override_and_check(checked, "smooth");
  const std::vector<ScalableInput> inputs = scalable_inputs(model);
  for (const ScalableInput& input : inputs) {
    observed_channels(input, calibration);
  }
  for (const ScalableInput& input : inputs) {
    scale_input(input, smoothing_factors(input, observed_channels(input, calibration), config.alpha));
  }
}

}  // namespace octet
