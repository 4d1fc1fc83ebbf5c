#include "eval/score/token_changes.h"

#include <cmath>

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/random.h"
#include "eval/score/evaluator.h"
#include "tests/eval/markov.h"

namespace octet::token_changes_test {
namespace {

TEST(TokenChanges, SumUpWhatHappenedToEachToken) {
  const TokenChanges changes = summarize_changes({{0.5, 0.4, true, false},
                                                  {0.2, 0.6, false, true},
                                                  {0.3, 0.3, true, true},
                                                  {0.9, 0.8, true, false},
                                                  {0.1, 0.1, false, false}});
  EXPECT_EQ(changes.tokens, 5);
  EXPECT_EQ(changes.lost, 2);
  EXPECT_EQ(changes.gained, 1);
  EXPECT_NEAR(changes.rms_dp, std::sqrt((0.01 + 0.16 + 0.01) / 5), 1e-15);
  EXPECT_NEAR(changes.dp_p50, 0.0, 1e-15);
  EXPECT_NEAR(changes.dp_p99, 0.4 * 0.96, 1e-12);  // between the largest and the one before it
  EXPECT_THROW(summarize_changes({}), Error);
}

TEST(AccuracyChange, FollowsBonettAndPrice) {
  const Interval interval = accuracy_change({.tokens = 98, .lost = 14, .gained = 4}, 0.95);
  EXPECT_DOUBLE_EQ(interval.mean, -10.0 / 98);
  const double p = 0.05, q = 0.15;  // 5 and 15 of 100
  const double reach = 1.959964 * std::sqrt((p + q - (p - q) * (p - q)) / 100);
  EXPECT_NEAR(interval.low, p - q - reach, 1e-7);
  EXPECT_NEAR(interval.high, p - q + reach, 1e-7);
  EXPECT_NEAR(normal_reach(0.99), 2.575829, 1e-6);
  EXPECT_THROW(normal_reach(1.0), Error);
}

// 2000 models that flip 3 % of 1000 tokens one way and 2 % the other. The standard deviation of the share below is
// 0.5 %.
TEST(AccuracyChange, IntervalsHoldTheTruthAsOftenAsTheyPromise) {
  constexpr int kExperiments = 2000, kTokens = 1000;
  constexpr double kLost = 0.03, kGained = 0.02;
  const Random random(11);
  int held = 0;
  for (int i = 0; i < kExperiments; ++i) {
    TokenChanges changes = {.tokens = kTokens};
    for (int t = 0; t < kTokens; ++t) {
      const double u = random.uniform(static_cast<std::uint64_t>(i) * kTokens + static_cast<std::uint64_t>(t));
      changes.lost += u < kLost ? 1 : 0;
      changes.gained += u >= kLost && u < kLost + kGained ? 1 : 0;
    }
    held += accuracy_change(changes, 0.95).contains(kGained - kLost) ? 1 : 0;
  }
  const double coverage = static_cast<double>(held) / kExperiments;
  EXPECT_GT(coverage, 0.93);
  EXPECT_LT(coverage, 0.97);
}

TEST(TokenChanges, OfAnEvaluationAgreeWithItsAccuracies) {
  const MarkovText text(16, 1);
  const auto windows = text.windows(40, 33, 2);
  const auto worse = [truth = text.model()](const Tensor& ids) {
    Tensor logits = truth(ids).clone();
    const Random random(5);
    std::uint64_t i = 0;
    for (float& value : logits.span<float>()) value += random.normal(i++);
    return logits;
  };
  const auto results = evaluate(std::vector<EvaluatedModel>{{"truth", text.model()}, {"worse", worse}}, windows);
  EXPECT_EQ(results[0].changes.rms_dp, 0.0);
  EXPECT_EQ(results[0].changes.lost + results[0].changes.gained, 0);
  const TokenChanges& changes = results[1].changes;
  EXPECT_EQ(changes.tokens, 40 * 32);
  EXPECT_GT(changes.lost, changes.gained);
  EXPECT_GT(changes.gained, 0);
  EXPECT_NEAR(static_cast<double>(changes.gained - changes.lost) / static_cast<double>(changes.tokens),
              results[1].accuracy - results[0].accuracy, 1e-12);
  EXPECT_LE(results[1].kl.p50, results[1].kl.p99);
  EXPECT_LE(results[1].kl.p99, results[1].kl.p999);
  EXPECT_LE(results[1].kl.p999, results[1].kl.max);
}

}  // namespace
}  // namespace octet::token_changes_test
