#include "eval/outliers/histogram.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace octet::histogram_test {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST(Histogram, CountsEveryValueOnce) {
  const std::vector<float> values{-1.0F, -0.6F, 0.0F, 0.99F, 1.0F, 1.01F, -5.0F, kNan, kInfinity};
  const Histogram histogram = make_histogram(values, -1, 1, 4);
  EXPECT_THAT(histogram.counts, ::testing::ElementsAre(2, 0, 1, 2));
  EXPECT_EQ(histogram.outside, 2);
  EXPECT_EQ(histogram.nonfinite, 2);
  EXPECT_DOUBLE_EQ(histogram.center(0), -0.75);
  EXPECT_DOUBLE_EQ(histogram.share(0), 2.0 / 9);
}

TEST(Histogram, RefusesAnEmptyRange) {
  try {
    make_histogram(std::vector<float>{1.0F}, 1, 1, 4);
    FAIL() << "low == high must be refused";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "[histogram] expected low < high and bins > 0, got 1, 1 and 4");
  }
}

TEST(Moments, MatchTheDefinition) {
  const Moments moments = measure_moments(std::vector<float>{1.0F, -3.0F, 5.0F, kNan});
  EXPECT_DOUBLE_EQ(moments.mean, 1.0);
  EXPECT_DOUBLE_EQ(moments.std, std::sqrt((0.0 + 16 + 16) / 3));
  EXPECT_DOUBLE_EQ(moments.max_abs, 5.0);
  EXPECT_EQ(measure_moments({}).std, 0);
}

// The sum of (value - mean) * (value + mean) is the same on paper, and several percent off in double.
TEST(Moments, HoldFarFromZero) {
  constexpr float kNext = 1.0F + std::numeric_limits<float>::epsilon();
  const Moments moments = measure_moments(std::vector<float>{1.0F, 1.0F, kNext});
  EXPECT_DOUBLE_EQ(moments.std, std::numeric_limits<float>::epsilon() * std::sqrt(2.0) / 3);
}

TEST(ErrorSize, IsInDecibels) {
  const std::vector<float> exact{10.0F, -10.0F};
  const ErrorSize error = measure_error(exact, std::vector<float>{11.0F, -11.0F});
  EXPECT_DOUBLE_EQ(error.mse, 1.0);
  EXPECT_DOUBLE_EQ(error.snr_db, 20.0);
  EXPECT_DOUBLE_EQ(error.max_abs, 1.0);
  EXPECT_TRUE(std::isinf(measure_error(exact, exact).snr_db));
  EXPECT_THROW(measure_error(exact, std::vector<float>{1.0F}), Error);
}

}  // namespace
}  // namespace octet::histogram_test
