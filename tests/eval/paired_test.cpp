#include "eval/score/paired.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/parallel.h"
#include "base/random.h"

namespace octet::paired_test {
namespace {

WindowScore window(std::int64_t tokens, double nll) {
  WindowScore score;
  score.tokens = tokens;
  score.nll = nll;
  return score;
}

/// Two evaluations of the same windows. A window's difference is `delta` plus normal noise, and both losses share a
/// much larger noise, as hard and easy windows do.
struct Pair {
  Evaluation reference;
  Evaluation model;
};
Pair make_pair(std::int64_t windows, double delta, double spread, std::uint64_t seed) {
  const Random random(seed);
  Pair pair;
  pair.reference.name = "fp32";
  pair.model.name = "int4";
  for (std::int64_t w = 0; w < windows; ++w) {
    const auto index = static_cast<std::uint64_t>(w);
    const std::int64_t tokens = 10 + static_cast<std::int64_t>(random.below(3 * index, 20));
    const auto n = static_cast<double>(tokens);
    const double base = n * (3.0 + random.normal(3 * index + 1));
    pair.reference.windows.push_back(window(tokens, base));
    pair.model.windows.push_back(window(tokens, base + n * (delta + spread * random.normal(3 * index + 2))));
  }
  return pair;
}

TEST(DeltaNll, IsExactlyZeroForEqualModels) {
  const Pair pair = make_pair(20, 0, 0, 1);
  const Interval delta = delta_nll(pair.reference, pair.reference);
  EXPECT_EQ(delta.mean, 0.0);
  EXPECT_EQ(delta.low, 0.0);
  EXPECT_EQ(delta.high, 0.0);
}

TEST(DeltaNll, WeighsWindowsByTheirTokens) {
  Pair pair;
  pair.reference.windows = {window(1, 5.0), window(3, 2.0)};
  pair.model.windows = {window(1, 6.0), window(3, 2.0)};
  EXPECT_DOUBLE_EQ(delta_nll(pair.reference, pair.model).mean, 0.25);
}

/// How many of 1000 intervals of 95 %, each from 100 windows of its own, hold the truth: `interval(i)` is the interval
/// of experiment i. The standard deviation of that share is 0.7 %.
template <typename IntervalOf>
double share_that_holds(double truth, IntervalOf interval) {
  constexpr std::uint64_t kExperiments = 1000;
  int held = 0;
  for (std::uint64_t i = 0; i < kExperiments; ++i) held += interval(1000 + i).contains(truth) ? 1 : 0;
  return static_cast<double>(held) / kExperiments;
}
constexpr BootstrapOptions kQuick = {.resamples = 400};
constexpr double kLeastShare = 0.93, kMostShare = 0.97;  // of intervals that promise 0.95

TEST(DeltaNll, IntervalsHoldTheTruthAsOftenAsTheyPromise) {
  constexpr double kTrueDelta = 0.02;
  const double share = share_that_holds(std::expm1(kTrueDelta), [&](std::uint64_t seed) {
    const Pair pair = make_pair(100, kTrueDelta, 0.05, seed);
    return perplexity_increase(delta_nll(pair.reference, pair.model, kQuick));
  });
  EXPECT_GT(share, kLeastShare);
  EXPECT_LT(share, kMostShare);
}

/// Two quantized models, each with noise of its own, compared with each other and not with FP32.
TEST(DeltaNll, IntervalsBetweenTwoModelsHoldTheTruthToo) {
  constexpr double kFirstDelta = 0.02, kSecondDelta = 0.03;
  const double share = share_that_holds(kSecondDelta - kFirstDelta, [&](std::uint64_t seed) {
    const Pair pair = make_pair(100, kFirstDelta, 0.05, seed);
    const Random random(seed, 1);
    Evaluation second = pair.reference;
    for (std::size_t w = 0; w < second.windows.size(); ++w) {
      second.windows[w].nll += static_cast<double>(second.windows[w].tokens) * (kSecondDelta + 0.04 * random.normal(w));
    }
    return delta_nll(pair.model, second, kQuick);
  });
  EXPECT_GT(share, kLeastShare);
  EXPECT_LT(share, kMostShare);
}

TEST(DeltaNll, PairingIgnoresHowHardTheWindowsAre) {
  // The losses vary by 1 nat between windows, the differences by 0.05: 100 windows give a standard error near 0.005.
  const Pair pair = make_pair(100, 0.02, 0.05, 7);
  const Interval delta = delta_nll(pair.reference, pair.model);
  EXPECT_LT(delta.high - delta.low, 4 * 0.007);
  EXPECT_GT(delta.high - delta.low, 4 * 0.003);
  EXPECT_LT(delta.low, delta.mean);
  EXPECT_LT(delta.mean, delta.high);
}

TEST(DeltaNll, IsTheSameForAnyNumberOfThreads) {
  const Pair pair = make_pair(30, 0.02, 0.05, 7);
  const Interval expected = delta_nll(pair.reference, pair.model);
  const int threads = thread_count();
  for (const int n : {1, 3}) {
    set_thread_count(n);
    const Interval delta = delta_nll(pair.reference, pair.model);
    EXPECT_EQ(delta.low, expected.low);
    EXPECT_EQ(delta.high, expected.high);
  }
  set_thread_count(threads);
  EXPECT_NE(delta_nll(pair.reference, pair.model, {.seed = 2}).low, expected.low);
}

TEST(DeltaNll, RefusesWindowsThatDoNotMatch) {
  Pair pair = make_pair(3, 0, 0, 1);
  pair.model.windows.back().tokens += 1;
  EXPECT_THROW(delta_nll(pair.reference, pair.model), Error);
  pair.model.windows.pop_back();
  EXPECT_THROW(delta_nll(pair.reference, pair.model), Error);
}

TEST(DeltaNll, SaysThatOneWindowGivesNoInterval) {
  const Pair pair = make_pair(1, 0, 0, 1);
  try {
    delta_nll(pair.reference, pair.model);
    FAIL() << "expected an error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("at least 2 windows"));
  }
}

TEST(PerplexityIncrease, TakesTheExponentOfEachBound) {
  const Interval increase = perplexity_increase({std::log(1.05), 0.0, std::log(1.1)});
  constexpr double kRounding = 1e-15;
  EXPECT_NEAR(increase.mean, 0.05, kRounding);
  EXPECT_EQ(increase.low, 0.0);
  EXPECT_NEAR(increase.high, 0.1, kRounding);
}

}  // namespace
}  // namespace octet::paired_test
