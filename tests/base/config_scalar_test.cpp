#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/config/scalar.h"
#include "base/nearest.h"
#include "base/utf8.h"

namespace octet::config_scalar_test {
namespace {

template <typename T>
void expect_value(const char* text, T expected) {
  T value{};
  EXPECT_TRUE(parse_scalar(text, value).ok) << text;
  EXPECT_EQ(value, expected) << text;
}

template <typename T>
void expect_refused(const char* text, const std::string& hint) {
  T value = 1;
  const ScalarResult result = parse_scalar(text, value);
  EXPECT_FALSE(result.ok) << text;
  EXPECT_EQ(result.hint, hint) << text;
  EXPECT_EQ(value, T{1}) << "changed by " << text;
}

TEST(ConfigScalar, ReadsIntegers) {
  expect_value<std::int64_t>("0", 0);
  expect_value<std::int64_t>("+5", 5);
  expect_value<std::int64_t>("-9223372036854775808", std::numeric_limits<std::int64_t>::min());
  expect_value<std::int64_t>("1e7", 10'000'000);
  expect_value<std::int64_t>("2.5e3", 2500);
  expect_value<std::int64_t>("-1E3", -1000);
  expect_value<std::int64_t>("4.0", 4);
  expect_value<std::uint64_t>("18446744073709551615", std::numeric_limits<std::uint64_t>::max());
  expect_value<std::int32_t>("2147483647", 2147483647);
}

TEST(ConfigScalar, RefusesWhatIsNoInteger) {
  for (const char* text : {"", "-", "+", "abc", "0x10", "1_000", "1 000", "1,0", "1e", "e3", "--1", "+-1", "1 ", ".inf",
                           ".nan", "inf", "nan"}) {
    expect_refused<std::int64_t>(text, "");
  }
  expect_refused<std::int64_t>("010", "a leading zero is ambiguous");
  expect_refused<std::int64_t>("-00", "a leading zero is ambiguous");
  expect_refused<std::int64_t>("0.5", "not a whole number");
  expect_refused<std::int64_t>("1e16", "too large to be written with an exponent");
  expect_refused<std::int64_t>("9223372036854775808", "outside -9223372036854775808 to 9223372036854775807");
  expect_refused<std::int32_t>("2147483648", "outside -2147483648 to 2147483647");
  expect_refused<std::int32_t>("1e10", "outside -2147483648 to 2147483647");
  expect_refused<std::uint64_t>("-1", "outside 0 to 18446744073709551615");
  expect_refused<std::uint64_t>("-1e3", "outside 0 to 18446744073709551615");
}

TEST(ConfigScalar, ReadsNumbers) {
  expect_value("0.1", 0.1);
  expect_value("-.5", -0.5);
  expect_value("5.", 5.0);
  expect_value("3e-4", 3e-4);
  expect_value("+1E+2", 100.0);
  expect_value("1", 1.0);
  expect_value("-.inf", -std::numeric_limits<double>::infinity());
  double nan = 0;
  EXPECT_TRUE(parse_scalar(".nan", nan).ok);
  EXPECT_TRUE(std::isnan(nan));
  // Rounding to double first would give the neighbour above: the text is just over a tie of floats.
  expect_value("1.00000005960464477539062500000001", std::nextafter(1.0f, 2.0f));
}

TEST(ConfigScalar, RefusesWhatIsNoNumber) {
  for (const char* text : {"", ".", "abc", "inf", "nan", "-nan", "0x1p3", "1.2.3", "+-1", "1e5x", "--.inf"}) {
    expect_refused<double>(text, "");
  }
  expect_refused<double>("007.5", "a leading zero is ambiguous");
  expect_refused<double>("1e400", "too large or too small for 64 bits");
  expect_refused<float>("1e39", "too large or too small for 32 bits");
}

TEST(ConfigScalar, WritesTheShortestText) {
  EXPECT_EQ(scalar_text(0.1), "0.1");
  EXPECT_EQ(scalar_text(0.1f), "0.1");
  EXPECT_EQ(scalar_text(3e-4), "0.0003");
  EXPECT_EQ(scalar_text(1e20), "1e+20");
  EXPECT_EQ(scalar_text(-0.0), "-0.0");
  EXPECT_EQ(scalar_text(std::numeric_limits<double>::quiet_NaN()), ".nan");
  EXPECT_EQ(scalar_text(-std::numeric_limits<float>::infinity()), "-.inf");
  EXPECT_EQ(scalar_text(true), "true");
}

TEST(NearestName, CountsEdits) {
  EXPECT_EQ(edit_distance("", ""), 0u);
  EXPECT_EQ(edit_distance("abc", ""), 3u);
  EXPECT_EQ(edit_distance("", "abc"), 3u);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
  EXPECT_EQ(edit_distance("layers", "layres"), 1u);
  EXPECT_EQ(edit_distance("ca", "abc"), 3u);
  EXPECT_THAT(nearest_names("layrs", {"width", "layers", "steps", "layer"}, 2),
              testing::ElementsAre("layers", "layer"));
  EXPECT_EQ(nearest_names("x", {"a"}, 2).size(), 1u);
  // As long as nothing of it is looked at behind the first letters: 10^12 steps otherwise.
  EXPECT_EQ(nearest_names(std::string(1'000'000, 'a'), {std::string(1'000, 'a'), "b"}, 1).front(), "b");
}

TEST(NearestName, SuggestsOnlyCloseOnes) {
  const std::vector<std::string> names = {"width", "layers", "lr"};
  EXPECT_EQ(nearest_name("layer", names), "layers");
  EXPECT_EQ(nearest_name("wdith", names), "width");
  EXPECT_EQ(nearest_name("heads", names), std::nullopt);
  EXPECT_EQ(nearest_name("x", names), std::nullopt);
  EXPECT_EQ(nearest_name(std::string(100'000, 'l'), names), std::nullopt);
}

TEST(Utf8, TellsWellFormedText) {
  for (const char* text : {"", "abc", "\u00e9", "\u4e2d", "\U0001F600", "\U0010FFFF", "\xED\x9F\xBF"}) {
    EXPECT_TRUE(is_valid_utf8(text)) << text;
  }
  for (const char* text : {"\x80", "\xC3", "\xC3(", "\xC0\x80", "\xE0\x80\x80", "\xE4\xB8", "\xED\xA0\x80",
                           "\xF0\x80\x80\x80", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "a\xFF"}) {
    EXPECT_FALSE(is_valid_utf8(text)) << text;
  }
}

}  // namespace
}  // namespace octet::config_scalar_test
