#include "base/shown_text.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace octet::shown_text_test {
namespace {

constexpr const char* kReplacement = "\xEF\xBF\xBD";

std::string replaced(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += kReplacement;
  return text;
}

TEST(ShownText, LeavesWhatPeopleWrite) {
  for (const std::string text : {"", "int4, groups of 32", "two\nlines\tand a tab", "größer 量化 🙂 \xC2\xA0|"}) {
    EXPECT_EQ(shown_text(text), text);
  }
}

TEST(ShownText, DropsWhatSteersATerminal) {
  EXPECT_EQ(shown_text("a\x1b[31mred\x07\r"), "a" + replaced(1) + "[31mred" + replaced(2));
  EXPECT_EQ(shown_text(std::string("nul\0end", 7)), "nul" + replaced(1) + "end");
  EXPECT_EQ(shown_text("\x7F\xC2\x80\xC2\x9F"), replaced(3));  // DEL, first and last of C1
  EXPECT_EQ(shown_text("\xE2\x80\xAEzip.exe\xE2\x81\xA9"), replaced(1) + "zip.exe" + replaced(1));
  EXPECT_EQ(shown_text("\xD8\x9C\xE2\x80\x8E\xE2\x80\x8F"), replaced(3));
}

TEST(ShownText, ReplacesEveryByteThatIsNotUtf8) {
  EXPECT_EQ(shown_text("\xFFz\xC3"), replaced(1) + "z" + replaced(1));
  EXPECT_EQ(shown_text("\xED\xA0\x80"), replaced(3));  // a surrogate
}

TEST(FileName, IsThePlainNameItself) {
  for (const std::string& name : std::vector<std::string>{"int4", "INT8-per_channel_2", std::string(100, 'x')}) {
    EXPECT_EQ(file_name_for(name), name);
  }
}

TEST(FileName, OfOtherNamesIsPlainAndTellsThemApart) {
  EXPECT_EQ(file_name_for("my int4").substr(0, 8), "my_int4-");
  EXPECT_EQ(file_name_for("my int4").size(), 16u);
  for (const std::string name : {"my int4", "my_int4 ", "`id`", "a/../b", "..", "", "量化", "int4.2", "a\nb"}) {
    const std::string file = file_name_for(name);
    EXPECT_EQ(file.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"),
              std::string::npos)
        << file;
    EXPECT_NE(file, name);
  }
  EXPECT_NE(file_name_for("a b"), file_name_for("a  b"));
  EXPECT_NE(file_name_for("größe"), file_name_for("grüße"));
}

TEST(Excerpt, IsOneShortLineOfWholeCharacters) {
  EXPECT_EQ(excerpt("a\nb\tc\x1b"), "a b c\uFFFD");
  EXPECT_EQ(excerpt(std::string(60, 'x')), std::string(60, 'x'));
  EXPECT_EQ(excerpt(std::string(6000, 'x')), std::string(60, 'x') + "...");
  EXPECT_EQ(excerpt(std::string(59, 'x') + "\u00fc"), std::string(59, 'x') + "...");
}

TEST(NameRule, RefusesWhatNoFolderOrPageCanShow) {
  for (const std::string name : {"int4", "my int4", "\"q\" \\ '", "a/b", "\u91cf\u5316", "1.0", ".."}) {
    EXPECT_EQ(name_rule_broken(name), "") << name;
  }
  EXPECT_EQ(name_rule_broken(std::string(200, 'x')), "");
  EXPECT_EQ(name_rule_broken(std::string(201, 'x')), "a name of at most 200 bytes");
  for (const std::string name : {"", "  "}) EXPECT_EQ(name_rule_broken(name), "a name that is not empty or blank");
  for (const std::string name : {"a\nb", "a\tb", "a\x1b[1m", "a\u0085", "a\u202e", "a\x7f", "a\ufdd0"}) {
    EXPECT_EQ(name_rule_broken(name), "a name without control characters");
  }
  EXPECT_EQ(name_rule_broken("a\xff"), "a name in UTF-8");
}

TEST(FileName, OfALongNameFitsAFileSystem) {
  const std::string a = file_name_for(std::string(101, 'x')), b = file_name_for(std::string(102, 'x'));
  EXPECT_EQ(a.size(), 100u);
  EXPECT_NE(a, b);
}

}  // namespace
}  // namespace octet::shown_text_test
