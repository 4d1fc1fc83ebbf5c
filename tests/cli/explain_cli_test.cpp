#include <nlohmann/json.hpp>

#include "tests/cli/cli_sample.h"

namespace octet::sample::explain_cli_test {
namespace {

using testing::HasSubstr;

class Explain : public testing::Test {
 protected:
  void SetUp() override { copy_finished_run(place_.path() / "r"); }
  Workplace place_;
};

TEST_F(Explain, AllLayersOfARunAndOneByName) {
  const ProcessResult all = place_.octet({"explain", "r"});
  ASSERT_EQ(all.code, 0) << all.err;
  for (const char* part :
       {"blocks.0.attention.qkv", "blocks.1.mlp.down", "embedding", "predicted within", "- Least is lost"}) {
    EXPECT_THAT(all.out, HasSubstr(part));
  }
  const ProcessResult one = place_.octet({"explain", "r", "blocks.1.mlp.down"});
  ASSERT_EQ(one.code, 0) << one.err;
  for (const char* part : {"blocks.1.mlp.down: ", " inputs of 64 channels, 32 outputs", "a scale per token",
                           "16 levels of a table", "- One static scale for all inputs"}) {
    EXPECT_THAT(one.out, HasSubstr(part));
  }
  EXPECT_EQ(one.out.find("blocks.0"), std::string::npos);
}

TEST_F(Explain, JsonHasFactsAndVerdictsAndATextCanBeGiven) {
  const ProcessResult result =
      place_.octet({"explain", "r/checkpoints/best", "embedding", "--text", "text.txt", "--json"});
  ASSERT_EQ(result.code, 0) << result.err;
  const auto json = nlohmann::json::parse(result.out);
  ASSERT_EQ(json.at("layers").size(), 1U);
  const auto& facts = json.at("layers")[0].at("facts");
  EXPECT_EQ(facts.at("layer"), "embedding");
  EXPECT_EQ(facts.at("inputs").size(), 9U);
  EXPECT_EQ(facts.at("weights").size(), 8U);
  EXPECT_EQ(facts.at("inputs")[4].at("method"), "per_token");
  EXPECT_GT(json.at("layers")[0].at("verdicts").size(), 10U);
}

TEST_F(Explain, TheFourChecksAreAnswered) {
  const ProcessResult result = place_.octet({"explain", "r", "--checks", "--json"});
  ASSERT_EQ(result.code, 0) << result.err;
  const auto json = nlohmann::json::parse(result.out);
  std::vector<std::string> names;
  for (const auto& check : json.at("checks")) {
    names.push_back(check.at("name"));
    EXPECT_FALSE(check.at("answer").get<std::string>().empty());
    for (const auto& row : check.at("rows")) {
      EXPECT_TRUE(row.at("ppl_increase").at("mean").is_number()) << row;
      EXPECT_LE(row.at("ppl_increase").at("low").get<double>(), row.at("ppl_increase").at("high").get<double>());
    }
  }
  EXPECT_THAT(names, testing::ElementsAre("symmetric", "static", "outliers", "embedding"));
  const auto& symmetric = json.at("checks")[0].at("rows");
  EXPECT_GT(symmetric[3].at("bytes").get<int>(), symmetric[2].at("bytes").get<int>()) << "a minimum takes room";
  EXPECT_THAT(place_.octet({"explain", "r", "--checks"}).out, HasSubstr("Why do outliers hurt, and what helps?"));
}

TEST_F(Explain, RefusesWhatCannotBeExplained) {
  expect_refused(place_, place_.octet({"explain", "r/checkpoints/best"}), 2, {"--text FILE", "r/checkpoints/best"});
  expect_refused(place_, place_.octet({"explain", "r/quantized/int8", "--text", "text.txt"}), 2,
                 {"r/quantized/int8", "expected an FP32 model"});
  expect_refused(place_, place_.octet({"explain", "r", "blocks.1.mlp.donw"}), 2,
                 {"\"blocks.1.mlp.donw\"", "did you mean \"blocks.1.mlp.down\"?"});
  expect_refused(place_, place_.octet({"explain", "r", "embedding", "--checks"}), 2, {"--checks", "embedding"});
  expect_refused(place_, place_.octet({"explain", "r", "--text", "nowhere.txt"}), 3, {"nowhere.txt"});
  expect_refused(place_, place_.octet({"explain", "r", "--out", "elsewhere"}), 2, {"octet explain: expected no --out"});
  write_file_atomically(place_.path() / "short.txt", "The cat.");
  expect_refused(place_, place_.octet({"explain", "r", "--text", "short.txt"}), 3,
                 {"short.txt", "three windows of 32"});
}

}  // namespace
}  // namespace octet::sample::explain_cli_test
