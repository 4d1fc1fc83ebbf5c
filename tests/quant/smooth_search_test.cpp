#include "quant/transforms/smooth_search.h"

#include <cmath>

#include <gtest/gtest.h>

#include "quant/apply_recipe.h"
#include "quant/quantize_matrix.h"
#include "quant/transforms/smooth.h"
#include "tests/quant/transform_sample.h"
#include "tests/support/random_tensor.h"
#include "tests/support/relative_error.h"

namespace octet::smooth_search_test {
namespace {

constexpr std::int64_t kRows = 500, kChannels = 16, kOutputs = 24;

/// Inputs (kRows, kChannels) whose channel 3 is six times as large as the others.
Tensor inputs_with_an_outlier() {
  Tensor x = random_tensor({kRows, kChannels}, 2);
  for (std::int64_t row = 0; row < kRows; ++row) {
    x.data<float>()[row * kChannels + 3] *= 6.0F;
  }
  return x;
}

ScalableInput one_layer() {
  ScalableInput input;
  input.weights = {random_tensor({kOutputs, kChannels}, 1)};
  input.factors = kChannels;
  for (std::int64_t j = 0; j < kChannels; ++j) {
    input.factor_of.push_back(j);
  }
  return input;
}

ChannelRange channels_of(const Tensor& x) {
  ChannelRange channels;
  channels.add(x.span<float>(), kChannels);
  return channels;
}

/// The mean over rows of ||Q(W s) Q(x / s) - W x||^2, by doing it.
double measured_error(const Tensor& w, const Tensor& x, const std::vector<float>& s, const WeightScheme& scheme) {
  Tensor weight = w.clone(), scaled = x.clone();
  float largest = 0;
  for (std::int64_t i = 0; i < weight.elements(); ++i) {
    weight.data<float>()[i] *= s[static_cast<std::size_t>(i % kChannels)];
  }
  for (std::int64_t i = 0; i < scaled.elements(); ++i) {
    scaled.data<float>()[i] /= s[static_cast<std::size_t>(i % kChannels)];
    largest = std::max(largest, std::fabs(scaled.data<float>()[i]));
  }
  const Tensor restored = dequantize(quantize_matrix(weight, scheme));
  const float step = largest / 127.0F;
  double error = 0;
  for (std::int64_t row = 0; row < kRows; ++row) {
    for (std::int64_t r = 0; r < kOutputs; ++r) {
      double difference = 0;
      for (std::int64_t j = 0; j < kChannels; ++j) {
        const float rounded = step * std::nearbyint(scaled.data<float>()[row * kChannels + j] / step);
        difference += static_cast<double>(restored.data<float>()[r * kChannels + j]) * static_cast<double>(rounded) -
                      static_cast<double>(w.data<float>()[r * kChannels + j]) *
                          static_cast<double>(x.data<float>()[row * kChannels + j]);
      }
      error += difference * difference / static_cast<double>(kRows);
    }
  }
  return error;
}

TEST(SmoothSearch, ForetellsTheErrorOfTheOutputs) {
  const ScalableInput input = one_layer();
  const Tensor x = inputs_with_an_outlier();
  const ChannelRange channels = channels_of(x);
  for (const WeightScheme& scheme : {WeightScheme{}, WeightScheme{.granularity = Granularity::per_tensor}}) {
    for (const double alpha : {0.0, 0.5, 1.0}) {
      const std::vector<float> s = smoothing_factors(input, channels, alpha);
      const double measured = measured_error(input.weights[0], x, s, scheme);
      EXPECT_NEAR(smoothing_error(input, channels, scheme, s) / measured, 1.0, 0.1) << alpha;
    }
  }
}

TEST(SmoothSearch, TakesTheBestOfItsGrid) {
  const ScalableInput input = one_layer();
  const ChannelRange channels = channels_of(inputs_with_an_outlier());
  const SmoothChoice choice = choose_smoothing(input, channels, {});
  const auto error_with = [&](double alpha) {
    return smoothing_error(input, channels, {}, smoothing_factors(input, channels, alpha));
  };
  EXPECT_DOUBLE_EQ(choice.error, error_with(choice.alpha));
  EXPECT_LE(choice.error, error_with(0.5));
  EXPECT_LT(choice.error, 0.5 * std::max(error_with(0.0), error_with(1.0)));
}

// Measured at most 1.2e-6 of the largest logit.
constexpr double kSameFunction = 1e-5;

TEST(SmoothSearch, LeavesTheFunctionAsItIs) {
  for (const GptConfig& config : transform_configs()) {
    Gpt model(config);
    fill_randomly(model, 1);
    const Tensor expected = logits_of(model);
    const auto copy = fp32_copy(model);
    smooth_by_search(*copy, {}, calibrated(*copy));
    EXPECT_LT(relative_error(logits_of(*copy), expected), kSameFunction);
    EXPECT_NE(values_of(*copy), values_of(model));
  }
}

}  // namespace
}  // namespace octet::smooth_search_test
