#include "eval/outliers/outliers.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/parallel.h"
#include "base/random.h"
#include "tests/support/random_tensor.h"

namespace octet::outliers_test {
namespace {

using testing::HasSubstr;

Tensor normal_matrix(std::int64_t rows, std::int64_t channels, float mean = 0.0F) {
  return random_tensor({rows, channels}, 3, 1.0F, mean);
}

TEST(RunningMoments, MatchTwoPassesOverAllValuesFarFromZero) {
  // The textbook formula sum x^2 - n mean^2 would cancel here: 1e4 against deviations of 1.
  const Tensor x = normal_matrix(1000, 50, 1e4F);
  const RunningMoments moments = moments_of(x.span<float>());
  double mean = 0;
  for (const float value : x.span<float>()) {
    mean += value;
  }
  mean /= 50000;
  double squares = 0;
  for (const float value : x.span<float>()) {
    squares += (value - mean) * (value - mean);
  }
  EXPECT_EQ(moments.count, 50000);
  EXPECT_NEAR(moments.mean, mean, 1e-8);
  EXPECT_NEAR(moments.squares / squares, 1.0, 1e-10);
  EXPECT_NEAR(moments.standard_deviation(), 1.0, 0.02);
}

TEST(RunningMoments, MergingPiecesEqualsTheWhole) {
  const Tensor x = normal_matrix(40, 10);
  const auto values = x.span<float>();
  RunningMoments pieces = moments_of(values.subspan(0, 3));
  pieces.merge(moments_of(values.subspan(3)));
  pieces.merge({});
  const RunningMoments whole = moments_of(values);
  EXPECT_EQ(pieces.count, whole.count);
  EXPECT_NEAR(pieces.mean, whole.mean, 1e-15);
  EXPECT_NEAR(pieces.squares, whole.squares, 1e-11);
}

TEST(Outliers, FindsThePlantedOnesAndTheirChannels) {
  Tensor x = normal_matrix(2000, 16);
  for (std::int64_t r = 0; r < 2000; r += 10) {
    x.data<float>()[r * 16 + 5] = 40.0F;
  }
  x.data<float>()[7 * 16 + 11] = -35.0F;
  const OutlierStats stats = matrix_outliers("layer", x);
  EXPECT_EQ(stats.moments.count, 32000);
  EXPECT_EQ(stats.beyond_sigma, 201);
  EXPECT_EQ(stats.beyond_absolute, 201);
  EXPECT_DOUBLE_EQ(stats.share_sigma(), 201.0 / 32000);
  EXPECT_EQ(stats.max_abs, 40.0);
  EXPECT_EQ(stats.channel_max[11], 35.0F);
  EXPECT_EQ(stats.channel_max[5], 40.0F);
  EXPECT_NEAR(stats.max_over_std, (40.0 - stats.moments.mean) / stats.moments.standard_deviation(), 1e-12);
}

TEST(Outliers, NormalValuesHaveNone) {
  const OutlierStats stats = matrix_outliers("layer", normal_matrix(4000, 32));
  EXPECT_EQ(stats.beyond_sigma, 0);
  EXPECT_LT(stats.max_over_std, 6.0);
}

TEST(Outliers, TheThresholdIsRelativeAndTheBoundAbsolute) {
  // Small values with one that stands out, yet is far below 6.
  Tensor x = normal_matrix(100, 16);
  for (float& value : x.span<float>()) {
    value *= 0.01F;
  }
  x.data<float>()[3] = 0.2F;
  EXPECT_EQ(matrix_outliers("layer", x).beyond_sigma, 1);
  EXPECT_EQ(matrix_outliers("layer", x).beyond_absolute, 0);
  EXPECT_EQ(matrix_outliers("layer", x, {.absolute = static_cast<double>(0.2F)}).beyond_absolute, 1)
      << "the bound itself counts";
  EXPECT_EQ(matrix_outliers("layer", x, {.threshold = 30.0}).beyond_sigma, 0);
  EXPECT_GT(matrix_outliers("layer", x, {.threshold = 1.0}).beyond_sigma, 300);
}

TEST(Outliers, EqualValuesAreNoOutliers) {
  const OutlierStats stats = matrix_outliers("layer", Tensor::full({4, 8}, 2.5F));
  EXPECT_EQ(stats.beyond_sigma, 0);
  EXPECT_EQ(stats.max_over_std, 0.0);
  EXPECT_EQ(stats.max_abs, 2.5);
}

TEST(Outliers, PiecesAndThreadsDoNotMatter) {
  const Tensor x = normal_matrix(1000, 16);
  const OutlierOptions options{.threshold = 2.0};
  const OutlierStats expected = matrix_outliers("layer", x, options);
  const int threads = thread_count();
  set_thread_count(3);
  OutlierCounter counter("layer", moments_of(x.span<float>()), options);
  counter.add(Tensor::from<float>(x.span<float>().subspan(0, 48), {3, 16}));
  counter.add(Tensor::from<float>(x.span<float>().subspan(48), {1, 997, 16}));
  const OutlierStats stats = counter.finish();
  set_thread_count(threads);
  EXPECT_EQ(stats.beyond_sigma, expected.beyond_sigma);
  EXPECT_EQ(stats.beyond_absolute, expected.beyond_absolute);
  EXPECT_EQ(stats.channel_max, expected.channel_max);
  EXPECT_EQ(stats.max_over_std, expected.max_over_std);
}

TEST(Outliers, NamesTheLayerWithValuesThatAreNotFinite) {
  Tensor x = normal_matrix(4, 4);
  x.data<float>()[2] = std::numeric_limits<float>::infinity();
  try {
    matrix_outliers("blocks.0.mlp.up", x);
    FAIL() << "expected an error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("blocks.0.mlp.up"));
  }
}

}  // namespace
}  // namespace octet::outliers_test
