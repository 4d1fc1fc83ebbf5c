#include "base/memory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace octet::memory_test {
namespace {

TEST(Memory, SomeIsAvailable) {
  EXPECT_GT(available_memory(), std::uint64_t{1} << 20);
  EXPECT_LT(available_memory(), std::uint64_t{1} << 50);
}

TEST(Memory, TooMuchIsRefusedWithBothFigures) {
  EXPECT_NO_THROW(check_memory(1e6, "x"));
  const auto refuses = [](double needed) {
    try {
      check_memory(needed, "train.batch of 9");
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::config);
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  EXPECT_THAT(refuses(1e17), testing::StartsWith("train.batch of 9 take about "));
  EXPECT_THAT(refuses(1e300), testing::HasSubstr(" are available"));
}

}  // namespace
}  // namespace octet::memory_test
