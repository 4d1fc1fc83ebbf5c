#include <gtest/gtest.h>

#include "eval/outliers/grid_use.h"
#include "eval/outliers/outlier_impact.h"
#include "report/charts/charts.h"
#include "tests/report/sample_charts.h"
#include "tests/support/random_tensor.h"

namespace octet::outlier_chart_test {
namespace {

/// The lesson that the chart teaches, as inequalities.
TEST(OutlierChart, ClippingAndAScalePerRowRescueTheGrid) {
  for (const int bits : {4, 8}) {
    const sample::OutlierMatrix matrix(bits);
    const GridUse tensor = measure_grid_use(matrix.panel("", matrix.per_tensor), bits);
    const GridUse clipped = measure_grid_use(matrix.panel("", matrix.clipped), bits);
    const GridUse row = measure_grid_use(matrix.panel("", matrix.per_row), bits);
    const GridUse channel = measure_grid_use(matrix.panel("", matrix.per_channel), bits);
    EXPECT_LT(4 * tensor.busy, clipped.busy) << bits;
    EXPECT_LT(clipped.busy, row.busy) << bits;
    EXPECT_GT(tensor.bulk_mse, 10 * clipped.bulk_mse) << bits;
    EXPECT_GT(row.snr_db, tensor.snr_db + 10) << bits;
    EXPECT_GT(channel.snr_db, tensor.snr_db + 10) << bits;
    EXPECT_GT(channel.snr_db, clipped.snr_db) << bits << ": nothing is clipped";
  }
}

TEST(OutlierChart, RefersToTheVariants) {
  Tensor x = random_tensor({64, 32}, 8);
  for (std::int64_t token = 0; token < 64; ++token) x.data<float>()[token * 32 + 3] *= 30;
  const OutlierImpact impact = study_outlier_impact("blocks.0.mlp.down", x, 4);
  const OutlierChart chart = outlier_chart(impact);
  EXPECT_EQ(chart.layer, "blocks.0.mlp.down");
  ASSERT_EQ(chart.panels.size(), kInputGrids.size());
  EXPECT_EQ(chart.panels[0].original.data(), impact.original.data<float>());
  EXPECT_EQ(measure_grid_use(chart.panels[2], 4).mse, impact.variants[2].use.mse);
  EXPECT_FLOAT_EQ(static_cast<float>(chart.panels[1].scale * 7), static_cast<float>(impact.clip));
}

}  // namespace
}  // namespace octet::outlier_chart_test
