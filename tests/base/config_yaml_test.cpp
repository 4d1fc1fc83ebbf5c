#include "tests/base/config_sample.h"

namespace octet::config_sample::config_yaml_test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST(ConfigYaml, QuotesMustBeClosedAndEndTheValue) {
  EXPECT_THAT(problem("seed: 1\nname: \"abc\nbound: 2\n"), StartsWith("t.yaml:2: expected a closing \""));
  EXPECT_THAT(problem("seed: 1\nname: 'it''s\n"), StartsWith("t.yaml:2: expected a closing '"));
  EXPECT_THAT(problem("name: &a \"abc\n"), StartsWith("t.yaml:1: expected a closing \""));
  EXPECT_THAT(problem("keep: ['a, b]\n"), StartsWith("t.yaml:1: "));
  EXPECT_THAT(problem("name: \"x\"#no comment\n"), HasSubstr("t.yaml:1: expected the end of the value after"));
  EXPECT_EQ(parse("name: 'it''s'  # a comment\n").name, "it's");
  EXPECT_EQ(parse("name: ''''\n").name, "'");
  EXPECT_EQ(parse("name: \"a \\\" b\\\\\"\n").name, "a \" b\\");
  EXPECT_EQ(parse("\"name\": \"two\n  lines\"\n").name, "two lines");
  EXPECT_EQ(parse("name: # here\n  'x'\n").name, "x");
}

TEST(ConfigYaml, BracketsThatAreOpenAreNamedWithTheirLine) {
  EXPECT_THAT(problem("seed: 1\nkeep: [a,\n  b\nname: x\n"), HasSubstr("in the brackets opened on line 2"));
}

TEST(ConfigYaml, WhatTheParserDropsSilentlyIsRefused) {
  EXPECT_THAT(problem("% a\nseed: 3\n"), StartsWith("t.yaml:1: YAML directives"));
  EXPECT_THAT(problem("seed: 3\n%YAML 1.1\n"), StartsWith("t.yaml:2: YAML directives"));
  EXPECT_EQ(problem("name: &a x\nkeep:\n- &a y\n"), "t.yaml:3: the anchor &a is given twice");
  EXPECT_THAT(problem("seed: 3\nname: a\u0085b\n"), StartsWith("t.yaml:2: expected text, found the control char"));
  EXPECT_THAT(problem("seed: 3\n\uFEFFname: x\n"), StartsWith("t.yaml:2: a byte order mark"));
  EXPECT_THAT(problem("name: a\rseed: 3\n"), StartsWith("t.yaml:1: a carriage return"));
  EXPECT_EQ(parse("\uFEFFseed: 3\r\nname: x\r\n").seed, 3u);
}

TEST(ConfigYaml, TabsDoNotIndent) {
  EXPECT_EQ(problem("name:\n\tx\n"), "t.yaml:2: expected spaces as indentation, found a tab");
  EXPECT_EQ(problem("name: a\n \tb\n"), "t.yaml:2: expected spaces as indentation, found a tab");
  EXPECT_EQ(parse("name:\tx\t# a comment\n\t\n\t# another\n").name, "x");
  EXPECT_EQ(parse("name: |\n \ta\nseed: 2\n").name, "\ta\n");
  EXPECT_EQ(parse("keep: [\n\ta,\n\t'b'\n\t]\nname: x\n").keep.size(), 2u);
  EXPECT_EQ(problem("keep: [\n\ta]\nname:\n\tx\n"), "t.yaml:4: expected spaces as indentation, found a tab");
}

TEST(ConfigYaml, AliasesOfALongTextAreBoundedInBytes) {
  std::string text = "name: &long " + std::string(1'000'000, 'x') + "\nkeep:\n";
  for (int i = 0; i < 10; ++i) text += "- *long\n";
  EXPECT_EQ(parse(text).keep.size(), 10u);
  for (int i = 0; i < 10; ++i) text += "- *long\n";
  EXPECT_EQ(problem(text), "t.yaml:17: more than 16777216 bytes of text, aliases written out");
}

}  // namespace
}  // namespace octet::config_sample::config_yaml_test
