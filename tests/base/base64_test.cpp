#include "base/base64.h"

#include <gtest/gtest.h>

namespace octet::base64_test {
namespace {

/// RFC 4648, section 10.
TEST(Base64, TestVectorsOfTheStandard) {
  EXPECT_EQ(base64_of(""), "");
  EXPECT_EQ(base64_of("f"), "Zg==");
  EXPECT_EQ(base64_of("fo"), "Zm8=");
  EXPECT_EQ(base64_of("foo"), "Zm9v");
  EXPECT_EQ(base64_of("foob"), "Zm9vYg==");
  EXPECT_EQ(base64_of("fooba"), "Zm9vYmE=");
  EXPECT_EQ(base64_of("foobar"), "Zm9vYmFy");
}

/// Bytes of the upper half and the last two digits.
TEST(Base64, AnyByte) {
  EXPECT_EQ(base64_of(std::string("\xFB\xFF\xBF", 3)), "+/+/");
  EXPECT_EQ(base64_of(std::string("\0\0\0", 3)), "AAAA");
}

}  // namespace
}  // namespace octet::base64_test
