#include "base/format.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace octet::format_test {
namespace {

TEST(Format, Duration) {
  EXPECT_EQ(format_duration(0), "0ms");
  EXPECT_EQ(format_duration(0.85), "850ms");
  EXPECT_EQ(format_duration(0.9999), "1.0s");
  EXPECT_EQ(format_duration(4.24), "4.2s");
  EXPECT_EQ(format_duration(9.96), "10s");
  EXPECT_EQ(format_duration(59.4), "59s");
  EXPECT_EQ(format_duration(59.6), "1m00s");
  EXPECT_EQ(format_duration(192), "3m12s");
  EXPECT_EQ(format_duration(3599.6), "1h00m");
  EXPECT_EQ(format_duration(3720), "1h02m");
  EXPECT_EQ(format_duration(2 * 86400 + 3 * 3600 + 59), "2d03h");
  EXPECT_EQ(format_duration(-1), "?");
  EXPECT_EQ(format_duration(NAN), "?");
  EXPECT_EQ(format_duration(INFINITY), "?");
}

TEST(Format, Bytes) {
  EXPECT_EQ(format_bytes(0), "0 B");
  EXPECT_EQ(format_bytes(1023), "1023 B");
  EXPECT_EQ(format_bytes(1024), "1.00 KiB");
  EXPECT_EQ(format_bytes(1536), "1.50 KiB");
  EXPECT_EQ(format_bytes(12'897'485), "12.3 MiB");
  EXPECT_EQ(format_bytes((1 << 20) - 1), "1.00 MiB");
  EXPECT_EQ(format_bytes(std::numeric_limits<std::uint64_t>::max()), "16777216 TiB");
}

TEST(Format, Count) {
  EXPECT_EQ(format_count(0), "0");
  EXPECT_EQ(format_count(7), "7");
  EXPECT_EQ(format_count(999), "999");
  EXPECT_EQ(format_count(0.314159), "0.314");
  EXPECT_EQ(format_count(1.5), "1.50");
  EXPECT_EQ(format_count(999.7), "1.00k");
  EXPECT_EQ(format_count(1000), "1.00k");
  EXPECT_EQ(format_count(10'240), "10.2k");
  EXPECT_EQ(format_count(999'600), "1.00M");
  EXPECT_EQ(format_count(97'000'000), "97.0M");
  EXPECT_EQ(format_count(2e9), "2.00B");
  EXPECT_EQ(format_count(-1234), "-1.23k");
  EXPECT_EQ(format_count(NAN), "?");
}

}  // namespace
}  // namespace octet::format_test
