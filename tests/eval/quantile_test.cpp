#include "eval/score/quantile.h"

#include <vector>

#include <gtest/gtest.h>

#include "base/error.h"

namespace octet::quantile_test {
namespace {

TEST(SortedQuantile, InterpolatesBetweenNeighbours) {
  const std::vector<double> values = {1, 2, 4, 8};
  EXPECT_EQ(sorted_quantile(values, 0), 1);
  EXPECT_EQ(sorted_quantile(values, 1), 8);
  EXPECT_EQ(sorted_quantile(values, 0.5), 3);
  EXPECT_DOUBLE_EQ(sorted_quantile(values, 0.9), 4 + 0.7 * 4);
  EXPECT_EQ(sorted_quantile(std::vector<double>{5}, 0.99), 5);
}

TEST(SortedQuantile, RefusesNothing) {
  EXPECT_THROW(sorted_quantile({}, 0.5), Error);
  EXPECT_THROW(sorted_quantile(std::vector<double>{1}, 1.5), Error);
}

}  // namespace
}  // namespace octet::quantile_test
