#include "eval/outliers/census.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace octet::census_test {
namespace {

using testing::ElementsAre;

/// 10 rows of 4 channels; `rows` of channel 2 hold an outlier of 8, all else is 1 or -1.
OutlierStats layer(const std::string& name, int rows) {
  std::vector<float> values(40);
  for (int i = 0; i < 40; ++i) values[i] = i % 2 == 0 ? 1.0F : -1.0F;
  for (int r = 0; r < rows; ++r) values[r * 4 + 2] = 8.0F;
  return matrix_outliers(name, Tensor::from(values, {10, 4}));
}

TEST(Census, CountsValuesBeyondInEachChannel) {
  EXPECT_THAT(layer("a", 3).channel_beyond, ElementsAre(0, 0, 3, 0));
  EXPECT_THAT(layer("a", 3).channel_max, ElementsAre(1, 1, 8, 1));
}

TEST(Census, KurtosisIsTheMeanFourthPowerOfStandardizedValues) {
  EXPECT_DOUBLE_EQ(layer("a", 0).kurtosis, 1.0) << "of two equally likely values";
  EXPECT_EQ(matrix_outliers("a", Tensor::zeros({3, 2})).kurtosis, 0.0) << "all values are equal";
  // One value of n in n: p = 1/n, kurtosis (1 - 3p + 3p^2) / (p (1 - p)).
  std::vector<float> values(1000);
  values[17] = 5;
  const double p = 0.001;
  constexpr double kBound = 1e-9;  // relative; sums of 1000 doubles
  EXPECT_NEAR(matrix_outliers("a", Tensor::from(values, {100, 10})).kurtosis * (p * (1 - p)) / (1 - 3 * p + 3 * p * p),
              1.0, kBound);
}

TEST(Census, AChannelIsSystematicInAQuarterOfTheLayersAndSixPercentOfThePositions) {
  const auto census = [](const std::vector<int>& rows_of_layers) {
    std::vector<OutlierStats> layers;
    for (const int rows : rows_of_layers) layers.push_back(layer("blocks.0.attention.qkv", rows));
    return recurring_channels(layers);
  };
  EXPECT_TRUE(census({0, 0, 0, 0}).empty());
  ASSERT_EQ(census({3, 0, 0, 0}).size(), 1u);
  EXPECT_EQ(census({3, 0, 0, 0})[0].channel, 2);
  EXPECT_EQ(census({3, 0, 0, 0})[0].layers, 1);
  EXPECT_DOUBLE_EQ(census({3, 0, 0, 0})[0].share_positions, 3.0 / 40);
  EXPECT_TRUE(census({3, 0, 0, 0})[0].systematic) << "a quarter of the layers, 7.5 % of the positions";
  EXPECT_FALSE(census({2, 0, 0, 0})[0].systematic) << "5 % of the positions";
  EXPECT_FALSE(census({10, 0, 0, 0, 0})[0].systematic) << "a fifth of the layers";
}

TEST(Census, OnlyLayersOfTheResidualStreamShareTheirChannels) {
  std::vector<OutlierStats> layers = {layer("blocks.0.attention.qkv", 0), layer("blocks.0.attention.output", 9),
                                      layer("blocks.0.mlp.gate", 9), layer("blocks.0.mlp.down", 9),
                                      layer("embedding", 0)};
  EXPECT_TRUE(recurring_channels(layers).empty());
  layers.push_back(layer("blocks.1.mlp.up", 9));
  ASSERT_EQ(recurring_channels(layers).size(), 1u);
  EXPECT_DOUBLE_EQ(recurring_channels(layers)[0].share_layers, 1.0 / 3);
}

}  // namespace
}  // namespace octet::census_test
