#include "quant/channel_range.h"

#include <gtest/gtest.h>

#include "tests/support/error_of.h"

namespace octet::channel_range_test {
namespace {

TEST(ChannelRange, KnowsEachChannelOverAllRows) {
  ChannelRange range;
  range.add(std::vector<float>{1, -4, 0, -3, 2, 0}, 3);
  range.add(std::vector<float>{2, 0, 0}, 3);
  EXPECT_EQ(range.channels(), 3);
  EXPECT_EQ(range.rows(), 3);
  EXPECT_EQ(range.largest(0), 3.0F);
  EXPECT_EQ(range.largest(1), 4.0F);
  EXPECT_EQ(range.largest(2), 0.0F);
  EXPECT_DOUBLE_EQ(range.mean_magnitude(0), 2.0);
  EXPECT_DOUBLE_EQ(range.mean_square(1), 20.0 / 3.0);
}

TEST(ChannelRange, RefusesOtherChannels) {
  ChannelRange range;
  EXPECT_EQ(error_of(ErrorKind::run, [&] { range.largest(0); }),
            "[calibration] expected one of 0 channels that were observed, got 0");
  range.add(std::vector<float>{1, 2}, 2);
  EXPECT_EQ(error_of(ErrorKind::run,
                     [&] {
                       range.add(std::vector<float>{1, 2, 3}, 3);
                     }),
            "[calibration] expected 2 channels as before, got 3");
  EXPECT_EQ(error_of(ErrorKind::run,
                     [&] {
                       range.add(std::vector<float>{1, 2, 3}, 2);
                     }),
            "[calibration] expected rows of 2 channels, got 3 values");
  EXPECT_EQ(error_of(ErrorKind::run, [&] { range.mean_square(2); }),
            "[calibration] expected one of 2 channels that were observed, got 2");
}

}  // namespace
}  // namespace octet::channel_range_test
