#include "base/utf8.h"

#include <string>

#include <gtest/gtest.h>

namespace octet::utf8_test {
namespace {

TEST(Utf8, EveryCodePointSurvivesWritingAndReading) {
  for (char32_t value = 0; value <= 0x10FFFF; ++value) {
    if (value >= 0xD800 && value <= 0xDFFF) continue;
    std::string text;
    append_utf8(text, value);
    const CodePoint read = read_utf8(text);
    ASSERT_EQ(read.value, value);
    ASSERT_EQ(static_cast<std::size_t>(read.length), text.size());
  }
}

TEST(Utf8, RefusesWhatIsNotUtf8) {
  const std::string bad[] = {
      "\x80",              // continuation without a lead
      "\xC0\x80",          // overlong NUL
      "\xC1\xBF",          // overlong, two bytes
      "\xE0\x9F\xBF",      // overlong, three bytes
      "\xF0\x8F\xBF\xBF",  // overlong, four bytes
      "\xED\xA0\x80",      // surrogate
      "\xF4\x90\x80\x80",  // above U+10FFFF
      "\xF5\x80\x80\x80",
      "\xFF",
      "\xE2\x82",      // cut short
      "\xE2\x82\x41",  // broken off by a letter
  };
  for (const auto& text : bad) EXPECT_EQ(read_utf8(text).length, 0) << testing::PrintToString(text);
  EXPECT_EQ(read_utf8("").length, 0);
}

TEST(Utf8, PrefixEndsAtTheFirstBadByte) {
  EXPECT_EQ(valid_utf8_prefix("abc"), 3u);
  EXPECT_EQ(valid_utf8_prefix("h\u00e9\xE9t"), 3u);
  EXPECT_EQ(valid_utf8_prefix("\xE9t"), 0u);
}

}  // namespace
}  // namespace octet::utf8_test
