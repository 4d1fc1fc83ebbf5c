#include "text/literal_tokens.h"

#include <gtest/gtest.h>

namespace octet::literal_tokens_test {
namespace {

TEST(LiteralTokens, TheFirstIsFoundAndOfThoseTheLongest) {
  LiteralTokens tokens;
  EXPECT_TRUE(tokens.empty());
  EXPECT_FALSE(tokens.first("abc"));
  tokens.add("ab", 1);
  tokens.add("abc", 2);
  tokens.add("b", 3);
  EXPECT_FALSE(tokens.empty());
  const auto found = tokens.first("xxabcd");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->begin, 2u);
  EXPECT_EQ(found->size, 3u);
  EXPECT_EQ(found->id, 2);
  EXPECT_EQ(tokens.first("abd")->id, 1);
  EXPECT_EQ(tokens.first("aab")->begin, 1u);
  EXPECT_FALSE(tokens.first("aaa"));
  EXPECT_FALSE(tokens.first(""));
}

}  // namespace
}  // namespace octet::literal_tokens_test
