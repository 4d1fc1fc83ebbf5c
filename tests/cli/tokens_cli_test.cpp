#include <nlohmann/json.hpp>

#include "tests/cli/cli_sample.h"

namespace octet::sample::tokens_cli_test {
namespace {

using testing::HasSubstr;

class Tokens : public testing::Test {
 protected:
  void SetUp() override { copy_finished_run(place_.path() / "r"); }
  nlohmann::json tokens_of(const std::string& text) {
    const ProcessResult result = place_.octet({"tokens", "r", text, "--json"});
    EXPECT_EQ(result.code, 0) << result.err;
    return nlohmann::json::parse(result.out);
  }
  Workplace place_;
};

TEST_F(Tokens, StandWhereTheyAreInTheText) {
  const std::string text = "The cat\tsees\nthe river \xC3\xA9.";
  const auto json = tokens_of(text);
  EXPECT_EQ(json.at("bytes"), text.size());
  EXPECT_EQ(json.at("vocabulary"), 300);
  std::size_t offset = 0;
  std::string pieces;
  for (const auto& token : json.at("tokens")) {
    EXPECT_EQ(token.at("offset"), offset);
    offset += token.at("bytes").get<std::size_t>();
    pieces += token.at("piece").get<std::string>();
  }
  EXPECT_EQ(offset, text.size());
  EXPECT_EQ(pieces, "The\u2423cat\\tsees\\nthe\u2423river\u2423<C3><A9>.") << "the two bytes are tokens of their own";
  EXPECT_DOUBLE_EQ(json.at("bytes_per_token").get<double>(),
                   static_cast<double>(text.size()) / static_cast<double>(json.at("tokens").size()));
}

TEST_F(Tokens, OfAFileWithCountsForPeople) {
  write_file_atomically(place_.path() / "some.txt", "The cat sees the bird.");
  const ProcessResult file = place_.octet({"tokens", "r", "some.txt"});
  ASSERT_EQ(file.code, 0) << file.err;
  EXPECT_EQ(file.out, place_.octet({"tokens", "r", "The cat sees the bird."}).out);
  EXPECT_THAT(file.out, HasSubstr("tokens for 22 bytes: "));
  EXPECT_THAT(place_.octet({"tokens", "r", "text.txt"}).out, HasSubstr("more; --json lists all"));
}

TEST_F(Tokens, ShowNothingThatSteersATerminal) {
  const std::string out = place_.octet({"tokens", "r", "\x1b[31m\xE2\x80\xAE\x7F"}).out;
  EXPECT_THAT(out, HasSubstr("<1B>"));
  EXPECT_THAT(out, HasSubstr("<7F>"));
  EXPECT_EQ(out.find('\x1b'), std::string::npos);
}

/// A misspelt name would be cut into tokens without a word.
TEST_F(Tokens, ANameThatLeadsNowhereIsNoted) {
  const auto note_of = [&](const std::string& text) {
    const ProcessResult result = run_octet(place_.path().string(), {"tokens", "r/checkpoints/best", text});
    EXPECT_EQ(result.code, 0) << result.err;
    return result.err;
  };
  EXPECT_EQ(note_of("nowhere.txt"), "note: nowhere.txt: there is no such file; taken as the text itself\n");
  EXPECT_EQ(note_of("data/kjv"), "note: data/kjv: there is no such file; taken as the text itself\n");
  EXPECT_EQ(note_of("r"), "note: r: this is a folder; taken as the text itself\n");
  for (const char* text : {"text.txt", "The king.", "end.", "king", "in data/kjv.txt", "3.14 ..."}) {
    EXPECT_EQ(note_of(text), "") << text;
  }
}

TEST_F(Tokens, NeedAModelAndAText) {
  expect_refused(place_, place_.octet({"tokens", "nowhere", "text"}), 3, {"nowhere"});
  expect_refused(place_, place_.octet({"tokens", "r", ""}), 2, {"text"});
}

}  // namespace
}  // namespace octet::sample::tokens_cli_test
