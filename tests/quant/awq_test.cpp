#include "quant/transforms/awq.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "quant/apply_recipe.h"
#include "quant/quantize_matrix.h"
#include "tests/quant/transform_sample.h"
#include "tests/support/error_of.h"
#include "tests/support/random_tensor.h"
#include "tests/support/relative_error.h"

namespace octet::awq_test {
namespace {

const WeightScheme kInt4{.bits = 4, .granularity = Granularity::per_group, .group = 8};

// Measured at most 7.7e-7 of the largest logit.
constexpr double kSameFunction = 1e-5;

TEST(Awq, LeavesTheFunctionAsItIs) {
  for (const GptConfig& config : transform_configs()) {
    Gpt model(config);
    fill_randomly(model, 1);
    const Tensor expected = logits_of(model);
    const auto copy = fp32_copy(model);
    awq(*copy, kInt4, calibrated(*copy));
    EXPECT_LT(relative_error(logits_of(*copy), expected), kSameFunction);
    EXPECT_NE(values_of(*copy), values_of(model));
  }
}

/// E[||(Q(W s) / s - W) x||^2] by its definition, where each row of inputs has one channel that is not 0: then products
/// of different channels are 0, and the measure of awq_error is exact.
TEST(Awq, ErrorIsThatOfTheOutputs) {
  ScalableInput input;
  input.weights = {random_tensor({5, 3}, 1)};
  input.factor_of = {0, 1, 1};  // channels 1 and 2 share a factor
  input.factors = 2;
  const std::vector<float> x = {2, 0, 0, 0, -3, 0, 0, 0, 0.5F, 0, 1, 0};
  ChannelRange channels;
  channels.add(x, 3);
  const std::vector<float> s = {1.7F, 0.6F}, of_channel = {1.7F, 0.6F, 0.6F};

  Tensor scaled = input.weights[0].clone();
  for (std::int64_t i = 0; i < 15; ++i) {
    scaled.data<float>()[i] *= of_channel[static_cast<std::size_t>(i % 3)];
  }
  const Tensor restored = dequantize(quantize_matrix(scaled, kInt4));
  double expected = 0;
  for (std::size_t row = 0; row < 4; ++row) {
    for (std::int64_t r = 0; r < 5; ++r) {
      double y = 0;
      for (std::int64_t j = 0; j < 3; ++j) {
        const auto column = static_cast<std::size_t>(j);
        const double d =
            static_cast<double>(restored.data<float>()[r * 3 + j]) / static_cast<double>(of_channel[column]) -
            static_cast<double>(input.weights[0].data<float>()[r * 3 + j]);
        y += d * static_cast<double>(x[row * 3 + column]);
      }
      expected += y * y / 4;
    }
  }
  EXPECT_GT(expected, 0);
  EXPECT_NEAR(awq_error(input, channels, kInt4, s), expected, 1e-9 * expected);
}

TEST(Awq, IsNeverWorseThanNoScaling) {
  for (const GptConfig& config : transform_configs()) {
    Gpt model(config);
    fill_randomly(model, 1);
    const Calibration calibration = calibrated(model);
    for (const ScalableInput& input : scalable_inputs(model)) {
      const ChannelRange& channels = observed_channels(input, calibration);
      const std::vector<float> ones(static_cast<std::size_t>(input.factors), 1.0F);
      const AwqChoice choice = choose_awq(input, channels, kInt4);
      EXPECT_LE(choice.error, awq_error(input, channels, kInt4, ones)) << input.layers.front();
      EXPECT_DOUBLE_EQ(choice.error, awq_error(input, channels, kInt4, choice.s));
    }
  }
}

// A few inputs that are much larger than the others: their weights deserve the finer grid.
TEST(Awq, ProtectsTheWeightsThatMeetLargeInputs) {
  ScalableInput input;
  input.weights = {random_tensor({32, 32}, 1)};
  input.factors = 32;
  for (std::int64_t j = 0; j < 32; ++j) {
    input.factor_of.push_back(j);
  }
  Tensor x = random_tensor({64, 32}, 2);
  for (std::int64_t row = 0; row < 64; ++row) {
    x.data<float>()[row * 32 + 3] *= 20.0F;
  }
  ChannelRange channels;
  channels.add(x.span<float>(), 32);
  const AwqChoice choice = choose_awq(input, channels, kInt4);
  const double plain = awq_error(input, channels, kInt4, std::vector<float>(32, 1.0F));
  EXPECT_GT(choice.alpha, 0.1);
  EXPECT_GT(choice.s[3], 2.0F * choice.s[4]);
  EXPECT_LT(choice.error, 0.5 * plain);  // measured 0.11, with alpha 0.4
}

TEST(Awq, RefusesBeforeTheFirstChange) {
  Gpt model(tiny_llama());
  fill_randomly(model, 1);
  const std::vector<float> before = values_of(model);
  Calibration calibration = calibrated(model);
  EXPECT_THAT(error_of(ErrorKind::config, [&] { awq(model, {.format = WeightFormat::fp32}, calibration); }),
              testing::HasSubstr("awq: expected a format that rounds weights, got fp32"));
  calibration.layers.erase("head");
  EXPECT_THAT(error_of(ErrorKind::run, [&] { awq(model, kInt4, calibration); }),
              testing::HasSubstr("expected calibrated inputs of \"head\", got none"));
  EXPECT_EQ(values_of(model), before);
}

}  // namespace
}  // namespace octet::awq_test
