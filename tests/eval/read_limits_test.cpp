#include "eval/speed/read_limits.h"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace octet::read_limits_test {
namespace {

/// Limits whose measurements give `results`, the last of them for ever, and how many there were.
struct Measured {
  std::vector<double> results;
  std::vector<std::int64_t> sizes = {};
  ReadLimits limits{10, [this](std::int64_t bytes) {
                      sizes.push_back(bytes);
                      return results[std::min(sizes.size(), results.size()) - 1];
                    }};
};

TEST(ReadLimits, AreMeasuredOnceForSizesThatAreAlike) {
  Measured measured{{50, 70}};
  EXPECT_EQ(measured.limits.gbps(1000, 20), 50);
  EXPECT_EQ(measured.limits.gbps(1010, 30), 50);
  EXPECT_EQ(measured.limits.gbps(2000, 20), 70);
  EXPECT_THAT(measured.sizes, testing::ElementsAre(1000, 2000));
}

TEST(ReadLimits, AreMeasuredAgainWhereATestWasFaster) {
  Measured measured{{0.001, 20, 50}};
  EXPECT_EQ(measured.limits.gbps(1000, 5), 10) << "what no cache holds is read as fast, so a cache is no slower";
  EXPECT_EQ(measured.limits.gbps(1000, 40), 50);
  EXPECT_EQ(measured.sizes.size(), 3U);
}

TEST(ReadLimits, GiveUpAfterSomeTries) {
  Measured measured{{30, 20}};
  EXPECT_EQ(measured.limits.gbps(1000, 40), 30);
  EXPECT_EQ(measured.limits.gbps(1000, 40), 30);
  EXPECT_EQ(measured.sizes.size(), static_cast<std::size_t>(ReadLimits::kTries));
}

}  // namespace
}  // namespace octet::read_limits_test
