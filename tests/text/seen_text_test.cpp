#include "text/seen_text.h"

#include <string>

#include <gtest/gtest.h>

#include "base/random.h"

namespace octet::seen_text_test {
namespace {

/// Letters in which no 64 bytes occur twice.
std::string letters(std::size_t count, std::uint64_t seed) {
  const Random random(seed, hash_name("letters"));
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += static_cast<char>('a' + random.below(i, 26));
  return text;
}

std::int64_t seen(const std::string& train, const std::string& test) {
  const auto middle = static_cast<std::int64_t>(train.size()), end = middle + static_cast<std::int64_t>(test.size());
  return seen_bytes(train + test, {{0, middle}}, {{middle, end}});
}

TEST(SeenBytes, CountsEveryByteOfARepeatedPassage) {
  const std::string train = letters(5000, 1);
  for (const std::size_t length : {127, 128, 200, 1000}) {
    for (const std::size_t from : {0, 1, 63, 64, 100, 3777}) {
      const std::string test = letters(300, 2) + "|" + train.substr(from, length) + "|" + letters(300, 3);
      EXPECT_EQ(seen(train, test), static_cast<std::int64_t>(length)) << length << " from " << from;
    }
  }
}

TEST(SeenBytes, AddsPassagesAndTakesNoneTwice) {
  const std::string train = letters(5000, 1);
  const std::string test = train.substr(1000, 300) + "|" + train.substr(1000, 300) + "|" + letters(50, 2) + "|" +
                           train.substr(4000, 200) + "|";
  EXPECT_EQ(seen(train, test), 800);
  EXPECT_EQ(seen(train, train), 5000);
}

TEST(SeenBytes, ShortOrNewTextIsNotSeen) {
  const std::string train = letters(5000, 1);
  EXPECT_EQ(seen(train, letters(5000, 2)), 0);
  EXPECT_EQ(seen(train, letters(100, 2) + train.substr(640, 63) + letters(100, 3)), 0);
  EXPECT_EQ(seen(train, "short"), 0);
  EXPECT_EQ(seen("short", train), 0);
  EXPECT_EQ(seen_bytes("", {}, {}), 0);
}

TEST(SeenBytes, RunsOfOneByteTakeLinearTime) {
  EXPECT_EQ(seen(std::string(2'000'000, 'x'), std::string(1'000'000, 'x')), 1'000'000);
}

// The other line end moves every block, so that none equals another.
TEST(SeenBytes, LinesWithAnotherEndAreSeenLineByLine) {
  std::string train, test;
  for (std::uint64_t line = 0; line < 20; ++line) {
    const std::string text = letters(150, line);
    train += text + "\n";
    test += text + "\r\n";
  }
  EXPECT_GE(seen(train, test), 20 * 150);
}

}  // namespace
}  // namespace octet::seen_text_test
