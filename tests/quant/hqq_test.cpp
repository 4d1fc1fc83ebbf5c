#include "quant/hqq.h"

#include <cmath>

#include <gtest/gtest.h>

#include "quant/minmax.h"
#include "tests/support/random_tensor.h"

namespace octet::hqq_test {
namespace {

double mean_error(const Grid& grid, std::span<const float> values) {
  double sum = 0;
  for (const float x : values) {
    sum += std::fabs(static_cast<double>(x - grid.value(grid.code(x))));
  }
  return sum / static_cast<double>(values.size());
}

constexpr GridKind kKind{.bits = 3, .symmetric = false, .scale_dtype = DType::f16};

TEST(Hqq, MissesLessOnAverageThanTheRangeAlone) {
  double hqq = 0, minmax = 0;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const Tensor values = random_tensor({64}, seed);
    const Grid grid = hqq_grid(kKind, values.span<float>());
    EXPECT_EQ(grid.scale, minmax_grid(kKind, values.span<float>()).scale);
    EXPECT_LE(mean_error(grid, values.span<float>()),
              mean_error(minmax_grid(kKind, values.span<float>()), values.span<float>()));
    hqq += mean_error(grid, values.span<float>());
    minmax += mean_error(minmax_grid(kKind, values.span<float>()), values.span<float>());
  }
  EXPECT_LT(hqq, 0.99 * minmax);
}

TEST(Hqq, ZerosAndConstantsAreExact) {
  for (const float value : {0.0F, 3.0F, -0.25F}) {
    const std::vector<float> values(9, value);
    const Grid grid = hqq_grid(kKind, values);
    EXPECT_NEAR(grid.value(grid.code(value)), value, 1e-3F * std::fabs(value));
  }
}

}  // namespace
}  // namespace octet::hqq_test
