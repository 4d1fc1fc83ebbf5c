#include "eval/score/student_t.h"

#include <array>
#include <cmath>

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/random.h"

namespace octet::student_t_test {
namespace {

/// Quantiles at 97.5 and 99.5 %, as printed in tables (NIST/SEMATECH e-Handbook, 1.3.6.7.2): three decimals.
constexpr double kPrinted = 0.0005;

TEST(StudentT, AgreesWithPrintedTables) {
  EXPECT_NEAR(student_t_limit(0.95, 1), 12.706, kPrinted);
  EXPECT_NEAR(student_t_limit(0.95, 2), 4.303, kPrinted);
  EXPECT_NEAR(student_t_limit(0.95, 3), 3.182, kPrinted);
  EXPECT_NEAR(student_t_limit(0.95, 4), 2.776, kPrinted);
  EXPECT_NEAR(student_t_limit(0.95, 9), 2.262, kPrinted);
  EXPECT_NEAR(student_t_limit(0.95, 30), 2.042, kPrinted);
  EXPECT_NEAR(student_t_limit(0.99, 2), 9.925, kPrinted);
  EXPECT_NEAR(student_t_limit(0.99, 5), 4.032, kPrinted);
}

TEST(StudentT, OfManyDegreesIsNormal) {
  constexpr double kBound = 1e-4;  // the difference falls as 1 / degrees: 2.4e-5 here
  EXPECT_NEAR(student_t_limit(0.95, 100'000), 1.959964, kBound);
  EXPECT_NEAR(student_t_share(1, 100'000), std::erf(1 / std::sqrt(2.0)), kBound);
}

TEST(StudentT, ShareAndLimitAreInverse) {
  constexpr double kRounding = 1e-13;
  for (const std::int64_t degrees : {1, 2, 3, 7, 8, 31}) {
    for (const double share : {0.01, 0.5, 0.9, 0.999}) {
      EXPECT_NEAR(student_t_share(student_t_limit(share, degrees), degrees), share, kRounding) << degrees;
    }
  }
}

TEST(MeanInterval, OfThreeValuesByHand) {
  const std::array<double, 3> values = {1, 2, 6};
  EXPECT_DOUBLE_EQ(sample_deviation(values), std::sqrt(7.0));  // (4 + 1 + 9) / 2
  const Interval interval = mean_interval(values, 0.95);
  EXPECT_DOUBLE_EQ(interval.mean, 3);
  EXPECT_NEAR(interval.high - 3, 4.303 * std::sqrt(7.0) / std::sqrt(3.0), kPrinted * 2);
  EXPECT_NEAR(3 - interval.low, interval.high - 3, 1e-12);
}

TEST(MeanInterval, OfOneValueIsUnknown) {
  const std::array<double, 1> values = {4};
  EXPECT_TRUE(std::isnan(sample_deviation(values)));
  EXPECT_EQ(mean_interval(values, 0.95).mean, 4);
  EXPECT_TRUE(std::isnan(mean_interval(values, 0.95).low));
  EXPECT_TRUE(std::isnan(mean_interval({}, 0.95).mean));
  EXPECT_THROW(student_t_limit(0.95, 0), Error);
  EXPECT_THROW(student_t_limit(1, 3), Error);
}

/// With 1.96 in place of t, three values would be covered in 81 % of all cases.
TEST(MeanInterval, OfThreeNormalValuesCoversTheMean) {
  constexpr int kTrials = 20'000;
  const Random random(7);
  int covered = 0;
  for (std::uint64_t trial = 0; trial < kTrials; ++trial) {
    std::array<double, 3> values;
    for (std::uint64_t i = 0; i < 3; ++i) values[i] = 5 + 2 * random.normal(3 * trial + i);
    covered += mean_interval(values, 0.95).contains(5) ? 1 : 0;
  }
  constexpr double kBound = 0.006;  // four standard deviations of the count; 0.0003 was measured
  EXPECT_NEAR(static_cast<double>(covered) / kTrials, 0.95, kBound);
}

}  // namespace
}  // namespace octet::student_t_test
