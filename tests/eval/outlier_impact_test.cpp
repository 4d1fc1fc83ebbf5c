#include "eval/outliers/outlier_impact.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"

namespace octet::outlier_impact_test {
namespace {

constexpr std::int64_t kTokens = 64;
constexpr std::int64_t kChannels = 32;

/// Normal values (tokens, channels); those of one channel, or of one token, are `factor` times as large.
Tensor inputs(float factor, std::int64_t channel, std::int64_t token = -1) {
  const Random random(8);
  Tensor x = Tensor::empty({kTokens, kChannels});
  for (std::int64_t i = 0; i < x.elements(); ++i) {
    const bool large = i % kChannels == channel || i / kChannels == token;
    x.data<float>()[i] = random.normal(static_cast<std::uint64_t>(i)) * (large ? factor : 1.0F);
  }
  return x;
}

const GridUse& use_of(const OutlierImpact& impact, InputGrid grid) {
  return impact.variants[static_cast<std::size_t>(grid)].use;
}

TEST(OutlierImpact, ClippingHelpsAndChannelsHelpMore) {
  const OutlierImpact impact = study_outlier_impact("layer", inputs(30.0F, 3), 8);
  ASSERT_EQ(impact.variants.size(), kInputGrids.size());
  const GridUse& whole = use_of(impact, InputGrid::whole);
  const GridUse& clipped = use_of(impact, InputGrid::clipped);
  const GridUse& channel = use_of(impact, InputGrid::channel);
  EXPECT_LE(clipped.mse, whole.mse) << "no clipping is among the candidates";
  EXPECT_LT(channel.mse, clipped.mse);
  EXPECT_GT(channel.snr_db, whole.snr_db);
  EXPECT_GT(channel.effective_bits, whole.effective_bits);
  // Rounding errors of the ordinary values are even within a step, so their MSE is step^2 / 12.
  const double step = impact.variants[0].rounded.step;
  EXPECT_NEAR(whole.mse / (step * step / 12), 1.0, 0.1);
}

/// A scale per token saves what a large token spoils and hardly anything where every token has the large channel.
TEST(OutlierImpact, EachScaleHelpsAgainstItsOwnOutliers) {
  const OutlierImpact of_token = study_outlier_impact("layer", inputs(30.0F, -1, 5), 8);
  const OutlierImpact of_channel = study_outlier_impact("layer", inputs(30.0F, 3), 8);
  // Decibels over one scale for all. Seen: per token 17.5 and 6.3, per channel 7.7 and 15.8.
  const auto gain = [](const OutlierImpact& impact, InputGrid grid) {
    return use_of(impact, grid).snr_db - use_of(impact, InputGrid::whole).snr_db;
  };
  EXPECT_GT(gain(of_token, InputGrid::token), 5);
  EXPECT_LT(gain(of_token, InputGrid::channel), gain(of_token, InputGrid::token) - 5);
  EXPECT_GT(gain(of_channel, InputGrid::channel), 5);
  EXPECT_LT(gain(of_channel, InputGrid::token), gain(of_channel, InputGrid::channel) - 5);
}

TEST(OutlierImpact, CodesAndValuesStandWhereTheInputsStand) {
  const Tensor x = Tensor::from(std::vector<float>{7, 0, 0, 70, 21, 700}, {3, 2});
  const GriddedInputs token = to_grid(x, InputGrid::token, 4, 0), channel = to_grid(x, InputGrid::channel, 4, 0);
  EXPECT_THAT(token.codes.span<std::int8_t>(), testing::ElementsAre(7, 0, 0, 7, 0, 7));
  EXPECT_THAT(channel.codes.span<std::int8_t>(), testing::ElementsAre(2, 0, 0, 1, 7, 7));
  EXPECT_THAT(channel.values.to_vector(), testing::ElementsAre(6, 0, 0, 100, 21, 700));
  EXPECT_EQ(to_grid(x, InputGrid::clipped, 4, 70).values.to_vector()[5], 70);
  EXPECT_EQ(best_clip(Tensor::zeros({2, 2}), 4), 0);
}

// The best clip of 4-bit normal values: for a grid of 15 levels the smallest MSE lies at about 2.7 standard deviations.
TEST(OutlierImpact, FindsTheClipOfNormalValues) {
  const OutlierImpact impact = study_outlier_impact("layer", inputs(1.0F, 0), 4);
  EXPECT_GT(impact.clip, 2.2);
  EXPECT_LT(impact.clip, 3.1);
  EXPECT_GT(impact.clipped, 0.0);
  EXPECT_LT(impact.clipped, 0.03);
  EXPECT_LT(impact.variants[1].use.mse, impact.variants[0].use.mse);
}

TEST(OutlierImpact, RefusesZeros) {
  EXPECT_THROW(study_outlier_impact("layer", Tensor::zeros({4, 4}), 4), Error);
}

TEST(ChannelsFirst, Transposes) {
  const Tensor x = Tensor::from(std::vector<float>{1, 2, 3, 4, 5, 6}, {2, 3});
  EXPECT_THAT(channels_first(x).to_vector(), testing::ElementsAre(1, 4, 2, 5, 3, 6));
}

}  // namespace
}  // namespace octet::outlier_impact_test
