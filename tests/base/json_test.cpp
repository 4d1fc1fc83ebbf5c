#include "base/json.h"

#include <nlohmann/json.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace octet {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

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
  EXPECT_THAT(refusal(R"({"a": 1, "a": 1})"), HasSubstr("f.json: broken JSON: the key \"a\" appears twice"));
  EXPECT_THAT(refusal(R"([{"x": {"b": 1, "b": 2}}])"), HasSubstr("\"b\" appears twice"));
  EXPECT_EQ(refusal(R"([{"a": 1}, {"a": 1}])"), "accepted");
  EXPECT_THAT(refusal("{\n\"a\": }"), AllOf(StartsWith("f.json: expected JSON, got "), HasSubstr("line 2")));
  EXPECT_THAT(refusal("{} {}"), StartsWith("f.json: expected JSON"));
  EXPECT_THAT(refusal(std::string("{}\n\0{}", 6)), HasSubstr("NUL byte on line 2"));
  EXPECT_THAT(refusal(""), StartsWith("f.json: expected JSON"));
  EXPECT_THAT(refusal("[1e999]"), StartsWith("f.json: expected JSON"));
  EXPECT_THAT(refusal("\"\xff\""), StartsWith("f.json: expected JSON"));
}

TEST(Json, RefusesDeepNesting) {
  EXPECT_EQ(refusal(std::string(64, '[') + std::string(64, ']')), "accepted");
  EXPECT_THAT(refusal(std::string(65, '[') + std::string(65, ']')), HasSubstr("nested deeper than 64"));
  EXPECT_THAT(refusal(std::string(1'000'000, '[')), HasSubstr("nested deeper than 64"));
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
}  // namespace octet
