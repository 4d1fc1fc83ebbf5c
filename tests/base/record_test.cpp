#include "base/config/record.h"

#include <cmath>
#include <limits>
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace octet {
namespace record_test {
enum class Color { red, dark_blue };
}

template <>
inline constexpr auto enum_names<record_test::Color> = std::to_array<EnumName<record_test::Color>>(
    {{record_test::Color::red, "red"}, {record_test::Color::dark_blue, "dark-blue"}});

namespace record_test {
namespace {

struct Part {
  std::string name = "p";
  double size = 0.5;

  template <class V>
  void visit(V& v) {
    v("name", name);
    v("size", size, allow_nonfinite());
  }
};

struct Record {
  std::int64_t version = 1;
  bool good = true;
  std::uint64_t seed = 7;
  double loss = 2;
  Color color = Color::red;
  std::vector<Part> parts;
  std::optional<bool> equal;
  std::optional<double> held_out;
  double added = 0.25;

  template <class V>
  void visit(V& v) {
    v("version", version, one_of(std::int64_t{1}));
    v("good", good);
    v("seed", seed);
    v("loss", loss);
    v("color", color);
    v("parts", parts);
    v("equal", equal);
    v("held_out", held_out, optional_key());
    v("added", added, optional_key());
  }
  void validate(Problems& problems) const {
    if (seed == 13) problems.add("seed", "expected a lucky number, got {}", seed);
  }
};

const char* kLine =
    R"({"version":1,"good":true,"seed":7,"loss":2.0,"color":"red","parts":[{"name":"p","size":0.5}],"equal":null,)"
    R"("added":0.25})";

Record sample_record() {
  Record record;
  record.parts.emplace_back();
  return record;
}

/// The error of reading kLine after a replacement.
std::string error_of(const std::string& from, const std::string& to) {
  std::string text = kLine;
  text.replace(text.find(from), from.size(), to);
  try {
    record_from_json<Record>(text, "r.json");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
    return error.what();
  }
  return "no error";
}

TEST(Record, KeysStandInTheOrderOfVisit) {
  EXPECT_EQ(record_to_json_line(sample_record()), kLine);
  EXPECT_EQ(record_to_json(Part{}), "{\n  \"name\": \"p\",\n  \"size\": 0.5\n}\n");
  EXPECT_EQ(record_to_json(std::vector<Part>{}), "[]\n");
}

TEST(Record, ReadsBackWhatItWrote) {
  Record record = sample_record();
  record.loss = 0.1 + 0.2;
  record.seed = std::numeric_limits<std::uint64_t>::max();
  record.color = Color::dark_blue;
  record.equal = false;
  record.held_out = 1.0 / 3;
  const std::string text = record_to_json_line(record);
  const Record back = record_from_json<Record>(text, "r.json");
  EXPECT_EQ(back.loss, record.loss);
  EXPECT_EQ(back.seed, record.seed);
  EXPECT_EQ(back.color, Color::dark_blue);
  EXPECT_EQ(back.equal, false);
  EXPECT_EQ(back.held_out, 1.0 / 3);
  EXPECT_EQ(record_to_json_line(back), text);
}

TEST(Record, NumbersThatAreNoneAreNull) {
  Record record = sample_record();
  record.parts[0].size = std::numeric_limits<double>::infinity();
  EXPECT_THAT(record_to_json_line(record), testing::HasSubstr(R"("size":null)"));
  EXPECT_TRUE(std::isnan(record_from_json<Record>(record_to_json_line(record), "r.json").parts[0].size));
  EXPECT_EQ(error_of("2.0", "null"), "r.json: loss: expected a number, got null");
  record = sample_record();
  record.added = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(record_to_json_line(record), testing::HasSubstr(R"("added":null)"))
      << "only an empty optional is left out";
}

TEST(Record, BrokenUtf8BecomesTheReplacementCharacter) {
  EXPECT_EQ(record_to_json_line(Part{"a\xC3", 1}), "{\"name\":\"a\xEF\xBF\xBD\",\"size\":1.0}");
}

TEST(Record, AnOptionalKeyMayBeMissing) {
  EXPECT_EQ(error_of(R"(,"added":0.25)", ""), "no error");
  EXPECT_EQ(error_of(R"("equal":null,)", ""), "r.json: equal: missing");
}

TEST(Record, ErrorsNameTheKey) {
  EXPECT_EQ(error_of(R"("size":0.5)", R"("size":"big")"),
            "r.json: parts[0].size: expected a number or null, got \"big\"");
  EXPECT_EQ(error_of(R"("size":0.5)", R"("size":0.5,"sise":1)"), "r.json: parts[0].sise: unknown key");
  EXPECT_EQ(error_of("\"p\"", "null"), "r.json: parts[0].name: expected a text, got null");
  EXPECT_EQ(error_of("[{", "3,\"x\":[{"), "r.json: parts: expected a list, got 3");
  EXPECT_EQ(error_of("[{", "[1,{"), "r.json: parts[0]: expected an object, got 1");
  EXPECT_EQ(error_of("true", "1"), "r.json: good: expected true or false, got 1");
  EXPECT_EQ(error_of("\"red\"", "\"blue\""), "r.json: color: expected red or dark-blue, got \"blue\"");
  EXPECT_EQ(error_of(":1,", ":2,"), "r.json: version: expected 1, got 2");
  EXPECT_EQ(error_of(":7,", ":1.5,"), "r.json: seed: expected an integer, got 1.5");
  EXPECT_EQ(error_of(":7,", ":-1,"), "r.json: seed: expected an integer, got -1");
  EXPECT_EQ(error_of(":7,", ":13,"), "r.json: seed: expected a lucky number, got 13");
  EXPECT_EQ(error_of(kLine, "[1]"), "r.json: expected an object, got [1]");
  EXPECT_THAT(error_of(kLine, "{"), testing::HasSubstr("r.json: line 1, column 2: expected a key in quotes"));
}

TEST(Record, UnknownKeysMayBeIgnored) {
  EXPECT_EQ(record_from_json<Part>(R"({"name":"q","size":1,"more":[]})", "r.json", UnknownKeys::ignored).name, "q");
}

}  // namespace
}  // namespace record_test
}  // namespace octet
