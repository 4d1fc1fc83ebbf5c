#include "base/wrap_text.h"

#include <gtest/gtest.h>

namespace octet::wrap_text_test {
namespace {

TEST(WrapText, LinesAreAsWideAsTheyMayBeAndNoWider) {
  EXPECT_EQ(wrapped("", 10), "");
  EXPECT_EQ(wrapped("one two", 7), "one two");
  EXPECT_EQ(wrapped("one two", 6), "one\ntwo");
  EXPECT_EQ(wrapped("one two three four", 9), "one two\nthree\nfour");
  EXPECT_EQ(wrapped("a\nb c", 3), "a\nb c") << "line feeds stay and begin a line anew";
  EXPECT_EQ(wrapped("a verylongword b", 4), "a\nverylongword\nb");
  EXPECT_EQ(wrapped("\u4e2d\u6587 \u4e2d", 5), "\u4e2d\u6587\n\u4e2d") << "wide letters take two columns";
}

}  // namespace
}  // namespace octet::wrap_text_test
