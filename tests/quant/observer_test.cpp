#include "quant/observer.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/random.h"

namespace octet::observer_test {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr std::int64_t kSamples = 1 << 17;

/// Normal numbers, with one of `outlier` at the end where that is not 0.
InputRange normal_range(float outlier = 0.0F) {
  std::vector<float> values;
  const Random random(5);
  for (std::int64_t i = 0; i < kSamples; ++i) {
    values.push_back(random.normal(static_cast<std::uint64_t>(i)));
  }
  if (outlier != 0.0F) {
    values.push_back(outlier);
  }
  InputRange range;
  range.add(values);
  return range;
}

float limit_by(const InputRange& range, Observer observer) {
  return observed_limit(range, {.observer = observer});
}

TEST(Observer, PercentilesAreThoseOfTheRange) {
  const InputRange range = normal_range();
  EXPECT_EQ(observed_limit(range, {}), range.largest());
  EXPECT_EQ(observed_limit(range, {.percentile = 99}), range.limit(99));
  EXPECT_EQ(static_grid(range, {.percentile = 99}).scale, range.limit(99) / 127.0F);
}

TEST(Observer, TheMovingAverageForgets) {
  InputRange range;
  range.add(std::vector<float>{-8.0F});
  range.add(std::vector<float>{1.0F, 2.0F});
  EXPECT_FLOAT_EQ(limit_by(range, Observer::moving_average), 8.0F - 0.1F * 6.0F);
  for (int window = 0; window < 200; ++window) {
    range.add(std::vector<float>{2.0F});
  }
  EXPECT_FLOAT_EQ(limit_by(range, Observer::moving_average), 2.0F);
  EXPECT_EQ(observed_limit(range, {}), 8.0F);
}

/// The error of really rounding to the grid with this limit.
double rounding_error(double limit, float outlier) {
  const Random random(5);
  const double step = limit / 127.0;
  const auto squared = [&](double x) {
    const double rounded = step * std::clamp(std::nearbyint(x / step), -127.0, 127.0);
    return (x - rounded) * (x - rounded);
  };
  double error = outlier != 0.0F ? squared(outlier) : 0.0;
  for (std::int64_t i = 0; i < kSamples; ++i) {
    error += squared(random.normal(static_cast<std::uint64_t>(i)));
  }
  return error / static_cast<double>(kSamples + (outlier != 0.0F ? 1 : 0));
}

// Measured: within 0.6 % of rounding each value.
constexpr double kModelOfError = 0.02;

TEST(Observer, TheClippingErrorIsThatOfRounding) {
  const InputRange range = normal_range();
  for (const double limit : {2.0, 3.0, 4.0, 5.0}) {
    const double exact = rounding_error(limit, 0.0F);
    EXPECT_NEAR(clipping_error(range, limit), exact, kModelOfError * exact) << limit;
  }
}

// One value of 65 standard deviations, as the demo's mlp.down has: what it costs to reach to it, and what to clip it.
TEST(Observer, MseLosesLeast) {
  for (const float outlier : {0.0F, 65.0F}) {
    const InputRange range = normal_range(outlier);
    const float limit = limit_by(range, Observer::mse);
    const double found = rounding_error(static_cast<double>(limit), outlier);
    for (const double share : {0.2, 0.5, 0.8, 1.0}) {
      const double other = rounding_error(share * static_cast<double>(range.largest()), outlier);
      EXPECT_LE(found, (1.0 + kModelOfError) * other) << outlier << " " << share;
    }
  }
}

TEST(Observer, KlClipsWhatCarriesNoInformation) {
  const InputRange range = normal_range(65.0F);
  const float limit = limit_by(range, Observer::kl);
  EXPECT_LT(limit, 0.25F * range.largest());
  EXPECT_GT(limit, 2.5F);  // standard deviations
}

TEST(Observer, TheDivergenceIsThatOfItsDefinition) {
  InputRange range;  // reach 256: bins of 1/16, and 128 bins are 8 units
  std::vector<float> values(30, 0.0F);
  values.push_back(200.0F);
  values.insert(values.end(), 9, 7.99F);
  range.add(values);
  // One bin for each level: Q is what was seen below 8, P has the clipped value in the last bin.
  const double expected =
      30.0 / 40 * std::log((30.0 / 40) / (30.0 / 39)) + 10.0 / 40 * std::log((10.0 / 40) / (9.0 / 39));
  EXPECT_NEAR(level_divergence(range, 128), expected, 1e-12);
  EXPECT_EQ(level_divergence(range, 256), std::numeric_limits<double>::infinity());  // Q has nothing in the last bin
  // All 4096 bins on 128 levels: each level has one bin that is used, and knows it.
  EXPECT_NEAR(level_divergence(range, 4096), 0.0, 1e-12);
}

TEST(Observer, AsymmetricGridsReachFromTheSmallestToTheLargest) {
  for (const auto& [low, high] : {std::pair{-1.0F, 9.0F}, {-6.0F, 0.5F}, {2.0F, 7.0F}, {-3.0F, -1.0F}, {-5.0F, 5.0F}}) {
    InputRange range;
    range.add(std::vector<float>{high, low});
    const StaticGrid grid = static_grid(range, {.symmetric = false});
    const float a = std::min(low, 0.0F), b = std::max(high, 0.0F);
    EXPECT_FLOAT_EQ(grid.scale, (b - a) / 254.0F);
    const auto value = [&](int code) { return grid.scale * static_cast<float>(code - grid.zero_point); };
    EXPECT_NEAR(value(-127), a, 0.51F * grid.scale) << low << " " << high;
    EXPECT_NEAR(value(127), b, 0.51F * grid.scale) << low << " " << high;
    EXPECT_LE(std::abs(grid.zero_point), 127);
  }
}

TEST(Observer, ZerosHaveAScale) {
  InputRange range;
  range.add(std::vector<float>(10, 0.0F));
  for (const Observer observer : {Observer::percentile, Observer::moving_average, Observer::mse, Observer::kl}) {
    EXPECT_EQ(static_grid(range, {.observer = observer}).scale, 1.0F);
    EXPECT_THAT([&] { static_grid(InputRange(), {.observer = observer}); },
                ThrowsMessage<Error>(HasSubstr("expected inputs before")));
  }
}

}  // namespace
}  // namespace octet::observer_test
