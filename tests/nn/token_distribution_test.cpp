#include "nn/token_distribution.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace octet::token_distribution_test {
namespace {

// Sums of a few terms near 1 in double.
constexpr double kRounding = 1e-14;

TEST(TokenDistribution, MatchesHandComputedSoftmax) {
  // Logits ln 1, ln 2, ln 5 give probabilities 1/8, 2/8, 5/8.
  const std::vector<float> logits = {0.0F, std::log(2.0F), std::log(5.0F)};
  std::vector<double> p(3);
  const TokenDistribution distribution = token_distribution(logits, p);
  constexpr double kFloatLogits = 1e-7;  // the logits themselves are rounded to float
  EXPECT_NEAR(p[0], 0.125, kFloatLogits);
  EXPECT_NEAR(p[1], 0.25, kFloatLogits);
  EXPECT_NEAR(p[2], 0.625, kFloatLogits);
  EXPECT_NEAR(target_nll(logits, distribution, 2), std::log(1.6), kFloatLogits);
  EXPECT_EQ(distribution.best, 2);
}

TEST(TokenDistribution, LargeLogitsDoNotOverflow) {
  const std::vector<float> logits = {3e38F, 3e38F, -3e38F};
  const TokenDistribution distribution = token_distribution(logits);
  EXPECT_DOUBLE_EQ(distribution.log_sum, static_cast<double>(3e38F));
  EXPECT_EQ(distribution.best, 0) << "the first of equals";
}

TEST(TokenDistribution, RefusesLogitsThatAreNotFinite) {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                          -std::numeric_limits<float>::infinity()}) {
    const std::vector<float> logits = {0.0F, bad};
    EXPECT_THROW(token_distribution(logits), Error) << bad;
  }
}

TEST(KlDivergence, MatchesHandComputedValueAndIsZeroForEqualLogits) {
  const std::vector<float> p_logits = {0.0F, 0.0F};
  const std::vector<float> q_logits = {0.0F, 2.0F};
  std::vector<double> p(2);
  const TokenDistribution p_distribution = token_distribution(p_logits, p);
  const TokenDistribution q_distribution = token_distribution(q_logits);
  // p = (1/2, 1/2): KL = sum p log p - sum p log q = -log 2 + log(1 + e^2) - 1.
  const double expected = -std::log(2.0) + std::log1p(std::exp(2.0)) - 1.0;
  EXPECT_NEAR(kl_divergence(p, p_logits, p_distribution, q_logits, q_distribution), expected, kRounding);
  EXPECT_EQ(kl_divergence(p, p_logits, p_distribution, p_logits, p_distribution), 0.0);
}

TEST(KlDivergence, DoesNotChangeWhenAllLogitsShift) {
  const std::vector<float> p_logits = {0.5F, -1.0F, 2.0F};
  std::vector<float> shifted = p_logits;
  for (float& logit : shifted) {
    logit += 8.0F;
  }
  std::vector<double> p(3);
  const TokenDistribution distribution = token_distribution(p_logits, p);
  EXPECT_NEAR(kl_divergence(p, p_logits, distribution, shifted, token_distribution(shifted)), 0.0, kRounding);
}

}  // namespace
}  // namespace octet::token_distribution_test
