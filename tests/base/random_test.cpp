#include "base/random.h"

#include <cmath>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace octet::random_test {
namespace {

using Block = std::array<std::uint32_t, 4>;
constexpr int kSamples = 1'000'000;

// Known answers of Philox4x32-10 published with the reference implementation (Random123,
// kat_vectors).
TEST(Random, PhiloxKnownAnswers) {
  EXPECT_EQ(Random(0, 0).block(0), (Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(Random(~0ULL, ~0ULL).block(~0ULL), (Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(Random(0x299f31d0a4093822, 0x0370734413198a2e).block(0x85a308d3243f6a88),
            (Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Random, HashIsFnv1a) {
  EXPECT_EQ(hash_name(""), 0xcbf29ce484222325U);
  EXPECT_EQ(hash_name("a"), 0xaf63dc4c8601ec8cU);
  EXPECT_EQ(hash_name("foobar"), 0x85944171f73967e8U);
}

TEST(Random, SeedStreamAndIndexAllMatter) {
  const auto base = Random(1, 2).block(3);
  EXPECT_EQ(Random(1, 2).block(3), base);
  EXPECT_NE(Random(2, 2).block(3), base);
  EXPECT_NE(Random(1, 3).block(3), base);
  EXPECT_NE(Random(1, 2).block(4), base);
}

// chi^2 with 255 degrees of freedom has mean 255 and standard deviation 22.6; five of them around
// it.
TEST(Random, UniformFillsItsBinsEvenly) {
  constexpr int kBins = 256;
  const Random random(7);
  std::vector<int> count(kBins);
  for (int i = 0; i < kSamples; ++i) {
    const float u = random.uniform(i);
    ASSERT_GE(u, 0.0F);
    ASSERT_LT(u, 1.0F);
    ++count[static_cast<int>(u * kBins)];
  }
  const double expected = static_cast<double>(kSamples) / kBins;
  double chi2 = 0;
  for (int c : count) {
    chi2 += (c - expected) * (c - expected) / expected;
  }
  EXPECT_NEAR(chi2, 255, 5 * 22.6);
}

// Each bound is five standard errors of the statistic over a million samples: 1/sqrt(n), sqrt(2/n),
// sqrt(15/n), sqrt(96/n).
TEST(Random, NormalHasTheMomentsOfANormal) {
  const Random random(7, hash_name("normal"));
  double sum[5] = {};
  int beyond_two = 0;
  for (int i = 0; i < kSamples; ++i) {
    const double x = random.normal(i);
    ASSERT_TRUE(std::isfinite(x));
    sum[1] += x;
    sum[2] += x * x;
    sum[3] += x * x * x;
    sum[4] += x * x * x * x;
    beyond_two += std::abs(x) > 2;
  }
  EXPECT_NEAR(sum[1] / kSamples, 0, 0.005);
  EXPECT_NEAR(sum[2] / kSamples, 1, 0.0071);
  EXPECT_NEAR(sum[3] / kSamples, 0, 0.0194);
  EXPECT_NEAR(sum[4] / kSamples, 3, 0.049);
  // P(|x| > 2) = 0.0455, standard error 0.00021.
  EXPECT_NEAR(static_cast<double>(beyond_two) / kSamples, 0.0455, 0.00105);
}

// Neighbouring indices and neighbouring streams must not be correlated: standard error 1/sqrt(n) =
// 0.001.
TEST(Random, NeighboursAreUncorrelated) {
  const Random random(3, 0);
  const Random next_stream(3, 1);
  double indices = 0;
  double streams = 0;
  for (int i = 0; i < kSamples; ++i) {
    indices += random.normal(i) * random.normal(i + 1);
    streams += random.normal(i) * next_stream.normal(i);
  }
  EXPECT_NEAR(indices / kSamples, 0, 0.005);
  EXPECT_NEAR(streams / kSamples, 0, 0.005);
}

TEST(Random, BelowCoversItsRangeEvenly) {
  const Random random(11);
  int count[3] = {};
  for (int i = 0; i < 30'000; ++i) {
    ++count[random.below(i, 3)];
  }
  for (int c : count) {
    EXPECT_NEAR(c, 10'000, 5 * std::sqrt(30'000 * 2.0 / 9.0));
  }
  EXPECT_EQ(random.below(5, 1), 0U);
  EXPECT_GT(random.below(0, ~0ULL) | random.below(1, ~0ULL), 1ULL << 60);
}

TEST(Random, BelowRefusesAnEmptyRange) {
  EXPECT_THAT([] { return Random(1).below(0, 0); },
              testing::ThrowsMessage<Error>("[random] expected a bound of at least 1, got 0"));
}

}  // namespace
}  // namespace octet::random_test
