#include "quant/input_range.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/random.h"

namespace octet::input_range_test {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

std::vector<float> random_values(std::int64_t count, float spread) {
  std::vector<float> values;
  const Random random(3);
  for (std::int64_t i = 0; i < count; ++i) {
    values.push_back(spread * random.normal(static_cast<std::uint64_t>(i)));
  }
  return values;
}

TEST(InputRange, AHundredPercentIsTheLargestMagnitude) {
  InputRange range;
  range.add(std::vector<float>{0.5F, -3.25F});
  range.add(std::vector<float>{1.0F});
  EXPECT_EQ(range.limit(100), 3.25F);
  EXPECT_EQ(range.count(), 3);
}

// Against sorting all values, for any order and size of the parts they come in.
TEST(InputRange, PercentilesAreThoseOfSortedValuesToOneBin) {
  for (const float spread : {1e-20F, 0.01F, 1.0F, 300.0F, 1e30F}) {
    std::vector<float> ascending = random_values(20'000, spread);
    std::sort(ascending.begin(), ascending.end(), [](float a, float b) { return std::fabs(a) < std::fabs(b); });
    for (const std::size_t part : {std::size_t{1}, std::size_t{777}, ascending.size()}) {
      InputRange range;
      for (std::size_t first = 0; first < ascending.size(); first += part) {
        range.add(std::span(ascending).subspan(first, std::min(part, ascending.size() - first)));
      }
      for (const double percentile : {50.0, 90.0, 99.0, 99.9, 99.99}) {
        const auto rank = static_cast<std::size_t>(std::llround(percentile * 200));  // of 20,000 values
        const float exact = std::fabs(ascending[rank - 1]), got = range.limit(percentile);
        EXPECT_GE(got, exact);
        EXPECT_LE(got, exact + range.largest() / 2048) << percentile;
      }
    }
  }
}

// The histogram reaches to the next power of two, so that the float below one lies in the last bin.
TEST(InputRange, TheLastBinCounts) {
  const float last = std::nextafter(2.0F, 0.0F);
  InputRange range;
  range.add(std::vector<float>(10, last));
  EXPECT_EQ(range.limit(50), last);
  range.add(std::vector<float>(90, 0.0F));
  EXPECT_EQ(range.limit(95), last);
}

TEST(InputRange, ZerosCount) {
  InputRange range;
  range.add(std::vector<float>(100, 0.0F));
  EXPECT_EQ(range.limit(100), 0.0F);
  range.add(std::vector<float>{127.0F});
  EXPECT_EQ(range.limit(100), 127.0F);
  EXPECT_LT(range.limit(99), 127.0F / 2048);  // zeros seen before still count
}

TEST(InputRange, RefusesWhatHasNoRange) {
  InputRange range;
  EXPECT_THAT([&] { range.limit(100); }, ThrowsMessage<Error>(HasSubstr("expected inputs before")));
  EXPECT_THAT(
      [&] {
        range.add(std::vector<float>{1, std::numeric_limits<float>::infinity()});
      },
      ThrowsMessage<Error>("[calibration] expected finite inputs, got inf"));
  range.add(std::vector<float>{1});
  EXPECT_THAT([&] { range.limit(0); }, ThrowsMessage<Error>(HasSubstr("above 0 and up to 100, got 0")));
  EXPECT_THAT([&] { range.limit(101); }, ThrowsMessage<Error>(HasSubstr("above 0 and up to 100, got 101")));
}

}  // namespace
}  // namespace octet::input_range_test
