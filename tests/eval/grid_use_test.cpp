#include "eval/outliers/grid_use.h"

#include <cmath>
#include <cstdint>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "tests/support/error_of.h"

namespace octet::grid_use_test {
namespace {

using ::testing::HasSubstr;

TEST(GridUse, CountsLevels) {
  const std::vector<float> original{0.1F, -0.1F, 0.2F, 7.0F};
  const std::vector<float> dequantized{0.0F, 0.0F, 0.0F, 7.0F};
  const std::vector<std::int8_t> codes{0, 0, 0, 7};
  const GridUse use = measure_grid_use({"", original, dequantized, codes, 1.0}, 4);
  EXPECT_EQ(use.levels, 15);
  EXPECT_EQ(use.used, 2);
  EXPECT_EQ(use.busy, 2);
  EXPECT_NEAR(use.effective_bits, -(0.75 * std::log2(0.75) + 0.25 * std::log2(0.25)), 1e-12);
  EXPECT_NEAR(use.mse, (0.01 + 0.01 + 0.04) / 4, 1e-8);       // 1e-8: the inputs are floats
  EXPECT_NEAR(use.bulk_mse, (0.01 + 0.01 + 0.04) / 3, 1e-8);  // without the outlier
}

TEST(GridUse, RefusesCodesOutsideTheGrid) {
  const std::vector<float> values{1.0F};
  const std::vector<std::int8_t> codes{8};
  EXPECT_THAT(error_of([&] {
                measure_grid_use({"", values, values, codes, 1.0}, 4);
              }),
              HasSubstr("expected codes within [-7, 7], got 8"));
}

}  // namespace
}  // namespace octet::grid_use_test
