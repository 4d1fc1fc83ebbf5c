#include "base/json.h"

#include <nlohmann/json.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/random.h"

namespace octet::json_test {
namespace {

using testing::HasSubstr;

std::string refusal(const std::string& text) {
  try {
    parse_json(text, "f.json");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
    return error.what();
  }
  return "accepted";
}

TEST(Json, ReadsWhatIsValid) {
  EXPECT_EQ(parse_json(R"({"a": [1, -2.5, true, null], "b": {"a": "x"}})", "f")["a"][1], -2.5);
  EXPECT_EQ(parse_json("18446744073709551615", "f").get<std::uint64_t>(), 18446744073709551615u);
  EXPECT_EQ(parse_ordered_json(R"({"b": 1, "a": 2})", "f").dump(), R"({"b":1,"a":2})");
}

TEST(Json, RefusesWhatOtherReadersWouldRepair) {
  EXPECT_EQ(refusal(R"({"a": 1, "a": 1})"), "f.json: line 1, column 10: the key \"a\" appears twice in one object");
  EXPECT_THAT(refusal(R"([{"x": {"b": 1, "\u0062": 2}}])"), HasSubstr("\"b\" appears twice"));
  EXPECT_EQ(refusal(R"([{"a": 1}, {"a": 1}])"), "accepted");
  EXPECT_EQ(refusal("{} {}"), "f.json: line 1, column 4: expected nothing behind the value, found \"{\"");
  EXPECT_EQ(refusal(std::string("{}\n\0{}", 6)),
            "f.json: line 2, column 1: expected nothing behind the value, found the byte 0x00");
}

TEST(Json, SaysWhereWhatWasExpectedAndWhatWasFound) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "line 1, column 1: expected a value, found the end of the text"},
      {"{\n\"a\": }", "line 2, column 6: expected a value, found \"}\""},
      {"[1, ]", "line 1, column 5: expected a value, found \"]\""},
      {"[nul]", "line 1, column 2: expected a value or \"]\", found \"nul\""},
      {"[1 2]", "line 1, column 4: expected a comma or \"]\", found \"2\""},
      {"{a: 1}", "line 1, column 2: expected a key in quotes or \"}\", found \"a\""},
      {"{\"a\": 1,}", "line 1, column 9: expected a key in quotes, found \"}\""},
      {"{\"a\" 1}", "line 1, column 6: expected a colon behind the key, found \"1\""},
      {"{\"a\": 1", "line 1, column 8: expected a comma or \"}\", found the end of the text"},
      {"[01]", "line 1, column 3: expected a comma or \"]\", found \"1\""},
      {"[-]", "line 1, column 3: expected a digit, found \"]\""},
      {"[1.]", "line 1, column 4: expected a digit, found \"]\""},
      {"[1e999]", "line 1, column 2: expected a number that 64 bits hold, found \"1e999\""},
      {"[\"ab", "line 1, column 5: expected a quote that ends the text, found the end of the text"},
      {"[\"ab\n\"]", "line 1, column 5: expected a quote that ends the text, found the byte 0x0A"},
      {"[\"\x1b\"]", "line 1, column 3: expected a text in which control characters are escapes, found the byte 0x1B"},
      {"[\"\xff\"]", "line 1, column 3: expected UTF-8, found the byte 0xFF"},
      {"[\"\\x\"]", "line 1, column 4: expected one of \" \\ / b f n r t u behind a backslash, found \"x\""},
      {"[\"\\u12g4\"]", "line 1, column 7: expected four hexadecimal digits behind \\u, found \"g4\""},
      {"[\"\\ud800\"]",
       "line 1, column 3: expected two escapes, \\uD800 to \\uDBFF and \\uDC00 to \\uDFFF, for one character, found "
       "\"\\ud800\""},
      {"\xEF\xBB\xBF[1]]", "line 1, column 7: expected nothing behind the value, found \"]\""}};
  for (const auto& [text, message] : cases) EXPECT_EQ(refusal(text), "f.json: " + message) << text;
}

TEST(Json, RefusesDeepNesting) {
  EXPECT_EQ(refusal(std::string(64, '[') + std::string(64, ']')), "accepted");
  EXPECT_EQ(refusal(std::string(65, '[') + std::string(65, ']')),
            "f.json: line 1, column 65: nested deeper than 64 levels");
  EXPECT_THAT(refusal(std::string(1'000'000, '[')), HasSubstr("nested deeper than 64"));
}

/// Texts with a few bytes changed: the library would have refused the same ones, and none of its messages gets out.
TEST(Json, IsReadAsTheLibraryReadsIt) {
  const std::vector<std::string> samples = {
      R"({"a": [1, -2.5e+3, true, null], "b": {"c": "x\u00e4\ud83d\ude00\n"}, "": 0.125})",
      R"([[], {}, "", 0, -0, 1E-400, 18446744073709551615, "\"\\\/\b\f\n\r\t"])", "  \"\xC3\xA4\xE4\xB8\xAD\"  ", "12"};
  const std::string bytes = "{}[]\",:\\u0e-+.tfn \n\xC3\xA4\xED\xF4\xFF\x01 1dD8";
  const Random random(7);
  std::uint64_t draw = 0;
  const auto pick = [&](std::size_t count) { return static_cast<std::size_t>(random.below(draw++, count)); };
  int refused = 0;
  for (int trial = 0; trial < 40'000; ++trial) {
    std::string text = samples[pick(samples.size())];
    for (std::size_t change = 0; change < 1 + pick(3); ++change) {
      const std::size_t at = pick(text.size());
      const std::size_t kind = pick(3);
      if (kind == 0) text[at] = bytes[pick(bytes.size())];
      if (kind == 1) text.insert(at, 1, bytes[pick(bytes.size())]);
      if (kind == 2 && text.size() > 1) text.erase(at, 1);
    }
    const std::string message = refusal(text);
    const bool same = (message == "accepted") == nlohmann::json::accept(text);
    EXPECT_TRUE(same || message.ends_with("appears twice in one object")) << text << "\n" << message;
    EXPECT_EQ(message.find("exception"), std::string::npos) << message;
    refused += message == "accepted" ? 0 : 1;
  }
  EXPECT_GT(refused, 10'000);
  EXPECT_LT(refused, 39'000);
}

TEST(Json, AnyBytesCanBeWritten) {
  const std::string text = json_text(nlohmann::json{{"path", "a\xff"}});
  EXPECT_EQ(text, "{\"path\":\"a\uFFFD\"}");
  EXPECT_TRUE(nlohmann::json::accept(json_text(nlohmann::ordered_json{{"\xfe", 1}}, 2)));
}

TEST(Json, WhatSteersATerminalIsEscaped) {
  const nlohmann::json value = "\x1b[31m \u007f \u009b \u061c \u202e\n \u00e4 \u4e2d \U0001f600 \u2067";
  const std::string text = json_text(value);
  EXPECT_EQ(text, "\"\\u001b[31m \\u007f \\u009b \\u061c \\u202e\\n \u00e4 \u4e2d \U0001f600 \\u2067\"");
  EXPECT_EQ(nlohmann::json::parse(text), value);
}

}  // namespace
}  // namespace octet::json_test
