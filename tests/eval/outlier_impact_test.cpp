#include "eval/outliers/outlier_impact.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "eval/charts/charts.h"

namespace octet {
namespace {

constexpr std::int64_t kChannels = 32;
constexpr std::int64_t kLength = 64;

/// Normal values; channel 3 is `factor` times as large.
Tensor matrix(float factor) {
  const Random random(8);
  Tensor x = Tensor::empty({kChannels, kLength});
  for (std::int64_t i = 0; i < x.elements(); ++i) {
    x.data<float>()[i] = random.normal(static_cast<std::uint64_t>(i)) * (i / kLength == 3 ? factor : 1.0F);
  }
  return x;
}

TEST(OutlierImpact, ClippingHelpsAndChannelsHelpMore) {
  const OutlierImpact impact = study_outlier_impact("layer", matrix(30.0F), 8);
  ASSERT_EQ(impact.variants.size(), 3U);
  const GridUse& whole = impact.variants[0].use;
  const GridUse& clipped = impact.variants[1].use;
  const GridUse& channel = impact.variants[2].use;
  EXPECT_LE(clipped.mse, whole.mse) << "no clipping is among the candidates";
  EXPECT_LT(channel.mse, clipped.mse);
  EXPECT_GT(channel.snr_db, whole.snr_db);
  EXPECT_GT(channel.effective_bits, whole.effective_bits);
  // Rounding errors of the ordinary values are even within a step, so their MSE is step^2 / 12.
  const double step = impact.variants[0].codes.scales.item();
  EXPECT_NEAR(whole.mse / (step * step / 12), 1.0, 0.1);
}

// The best clip of 4-bit normal values: for a grid of 15 levels the smallest MSE lies at about 2.7 standard deviations.
TEST(OutlierImpact, FindsTheClipOfNormalValues) {
  const OutlierImpact impact = study_outlier_impact("layer", matrix(1.0F), 4);
  EXPECT_GT(impact.clip, 2.2);
  EXPECT_LT(impact.clip, 3.1);
  EXPECT_GT(impact.clipped, 0.0);
  EXPECT_LT(impact.clipped, 0.03);
  EXPECT_LT(impact.variants[1].use.mse, impact.variants[0].use.mse);
}

TEST(OutlierImpact, ChartRefersToTheThreeVariants) {
  const OutlierImpact impact = study_outlier_impact("blocks.0.mlp.down", matrix(30.0F), 4);
  const OutlierChart chart = outlier_chart(impact);
  EXPECT_EQ(chart.layer, "blocks.0.mlp.down");
  ASSERT_EQ(chart.panels.size(), 3U);
  EXPECT_EQ(chart.panels[0].original.data(), impact.original.data<float>());
  EXPECT_EQ(measure_grid_use(chart.panels[2], 4).mse, impact.variants[2].use.mse);
  EXPECT_FLOAT_EQ(static_cast<float>(chart.panels[1].scale * 7), static_cast<float>(impact.clip));
}

TEST(OutlierImpact, RefusesZeros) {
  EXPECT_THROW(study_outlier_impact("layer", Tensor::zeros({4, 4}), 4), Error);
}

TEST(ChannelsFirst, Transposes) {
  const Tensor x = Tensor::from(std::vector<float>{1, 2, 3, 4, 5, 6}, {2, 3});
  EXPECT_THAT(channels_first(x).to_vector(), testing::ElementsAre(1, 4, 2, 5, 3, 6));
}

}  // namespace
}  // namespace octet
