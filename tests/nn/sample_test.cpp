#include "nn/generation/sample.h"

#include <cmath>
#include <limits>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace octet::sample_test {
namespace {

using testing::HasSubstr;
using testing::Property;
using testing::Throws;

// Probabilities 0.1, 0.4, 0.2, 0.3 of the tokens 0 to 3.
const std::vector<float> kLogits = {std::log(0.1F), std::log(0.4F), std::log(0.2F), std::log(0.3F)};

SamplingOptions plain() {
  SamplingOptions options;
  options.temperature = 1.0;
  options.top_k = 0;
  options.top_p = 1.0;
  return options;
}

/// Share of each token over a fine grid of uniforms.
std::map<std::int32_t, double> shares(const std::vector<float>& logits, const SamplingOptions& options) {
  constexpr int kSteps = 10000;
  std::map<std::int32_t, double> result;
  for (int i = 0; i < kSteps; ++i) {
    result[sample(logits, options, static_cast<float>((i + 0.5) / kSteps))] += 1.0 / kSteps;
  }
  return result;
}

void expect_shares(const std::map<std::int32_t, double>& got, const std::map<std::int32_t, double>& expected) {
  constexpr double kGridStep = 2e-4;  // two steps of the grid of uniforms
  EXPECT_EQ(got.size(), expected.size());
  for (const auto& [token, share] : expected) {
    const auto found = got.find(token);
    ASSERT_NE(found, got.end()) << "token " << token;
    EXPECT_NEAR(found->second, share, kGridStep) << "token " << token;
  }
}

TEST(Sample, FollowsTheDistribution) {
  expect_shares(shares(kLogits, plain()), {{0, 0.1}, {1, 0.4}, {2, 0.2}, {3, 0.3}});
}

TEST(Sample, LikeliestFirstAlongTheUniform) {
  EXPECT_EQ(sample(kLogits, plain(), 0.0F), 1);
  EXPECT_EQ(sample(kLogits, plain(), 0.39F), 1);
  EXPECT_EQ(sample(kLogits, plain(), 0.41F), 3);
  EXPECT_EQ(sample(kLogits, plain(), 0.71F), 2);
  EXPECT_EQ(sample(kLogits, plain(), 0.91F), 0);
  EXPECT_EQ(sample(kLogits, plain(), std::nextafter(1.0F, 0.0F)), 0);
}

TEST(Sample, TemperatureSharpens) {
  SamplingOptions options = plain();
  options.temperature = 0.5;  // squares the probabilities: 1, 16, 4, 9 of 30
  expect_shares(shares(kLogits, options), {{0, 1.0 / 30}, {1, 16.0 / 30}, {2, 4.0 / 30}, {3, 9.0 / 30}});
}

TEST(Sample, TopKKeepsTheLikeliest) {
  SamplingOptions options = plain();
  options.top_k = 2;
  expect_shares(shares(kLogits, options), {{1, 4.0 / 7}, {3, 3.0 / 7}});
  options.top_k = 100;
  EXPECT_EQ(shares(kLogits, options).size(), 4U);
  options.top_k = 1;
  expect_shares(shares(kLogits, options), {{1, 1.0}});
}

TEST(Sample, TopPKeepsTheFewestThatReachIt) {
  SamplingOptions options = plain();
  options.top_p = 0.65;  // 0.4 + 0.3
  expect_shares(shares(kLogits, options), {{1, 4.0 / 7}, {3, 3.0 / 7}});
  options.top_p = 0.75;  // 0.4 + 0.3 + 0.2
  expect_shares(shares(kLogits, options), {{1, 4.0 / 9}, {3, 3.0 / 9}, {2, 2.0 / 9}});
  options.top_p = 0.0;  // at least one stays
  expect_shares(shares(kLogits, options), {{1, 1.0}});
}

TEST(Sample, TopPCountsAfterTopK) {
  SamplingOptions options = plain();
  options.top_k = 2;    // 4/7 and 3/7 of what is left
  options.top_p = 0.5;  // so the first alone reaches a half; of all four it would not
  expect_shares(shares(kLogits, options), {{1, 1.0}});
}

TEST(Sample, ZeroTemperatureTakesTheLikeliest) {
  SamplingOptions options = plain();
  options.temperature = 0.0;
  EXPECT_EQ(sample(kLogits, options, 0.99F), 1);
}

TEST(Sample, TiesGoToTheLowerId) {
  const std::vector<float> logits = {0.0F, 2.0F, 2.0F, 2.0F};
  SamplingOptions options = plain();
  options.top_k = 2;
  expect_shares(shares(logits, options), {{1, 0.5}, {2, 0.5}});
  options.temperature = 0.0;
  EXPECT_EQ(sample(logits, options, 0.99F), 1);
}

TEST(Sample, MinusInfinityIsNeverDrawn) {
  const float minus_infinity = -std::numeric_limits<float>::infinity();
  expect_shares(shares({minus_infinity, 0.0F, minus_infinity}, plain()), {{1, 1.0}});
}

TEST(Sample, TinyTemperatureDoesNotOverflow) {
  SamplingOptions options = plain();
  options.temperature = 1e-300;
  expect_shares(shares(kLogits, options), {{1, 1.0}});
}

TEST(Sample, RefusesLogitsThatAreNoNumbers) {
  const std::vector<float> with_nan = {0.0F, NAN};
  EXPECT_THAT(
      [&] { sample(with_nan, plain(), 0.5F); },
      Throws<Error>(Property(&Error::what, HasSubstr("[sample] expected numbers as logits, got NaN for token 1"))));
  const std::vector<float> infinite = {0.0F, INFINITY};
  EXPECT_THAT([&] { sample(infinite, plain(), 0.5F); },
              Throws<Error>(Property(&Error::what, HasSubstr("expected a finite largest logit, got inf"))));
}

}  // namespace
}  // namespace octet::sample_test
