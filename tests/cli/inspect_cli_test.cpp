#include <nlohmann/json.hpp>

#include "tests/cli/cli_sample.h"

namespace octet::sample::inspect_cli_test {
namespace {

using testing::HasSubstr;
using testing::Not;

class Inspect : public testing::Test {
 protected:
  void SetUp() override { copy_finished_run(place_.path() / "r"); }
  Workplace place_;
};

TEST_F(Inspect, AQuantizedTensorShowsItsLevelsCodesAndScales) {
  const ProcessResult result =
      place_.octet({"inspect", "r/quantized/int4", "--tensor", "blocks.0.mlp.up.weight", "--json"});
  ASSERT_EQ(result.code, 0) << result.err;
  const auto codes = nlohmann::json::parse(result.out).at("codes");
  ASSERT_EQ(codes.at("levels").size(), 16U);
  EXPECT_EQ(codes.at("levels")[0].at("code"), -8);
  EXPECT_EQ(codes.at("levels")[15].at("code"), 7);
  EXPECT_FALSE(codes.at("levels")[0].contains("level")) << "the code is the level";
  for (const auto& row : codes.at("codes")) {
    for (const auto& code : row) EXPECT_TRUE(code.is_number_integer()) << row;
  }
  std::int64_t weights = 0;
  for (const auto& level : codes.at("levels")) weights += level.at("count").get<std::int64_t>();
  EXPECT_EQ(weights, 64 * 32);
  EXPECT_EQ(codes.at("columns_per_scale"), 32);
  EXPECT_EQ(codes.at("codes").size(), 4U);
  EXPECT_EQ(codes.at("codes")[0].size(), 12U);
  EXPECT_EQ(codes.at("scales")[0].size(), 1U) << "a row of 32 columns is one group";
  EXPECT_TRUE(codes.at("minimums").empty());
  EXPECT_GT(codes.at("entropy_bits").get<double>(), 3.0);
  EXPECT_LT(codes.at("entropy_bits").get<double>(), 4.0);

  const std::string text = place_.octet({"inspect", "r/quantized/int8", "--tensor", "blocks.0.mlp.up.weight"}).out;
  EXPECT_THAT(text, HasSubstr("of 255 levels are used; a code tells "));
  EXPECT_THAT(text, HasSubstr("-127 to -112"));
  EXPECT_THAT(text, HasSubstr("first codes, in units of their scale\nrow 0"));
  EXPECT_THAT(text, HasSubstr("first scales, each of 32 columns\nrow 0"));
}

TEST_F(Inspect, AnFp32TensorHasNoCodes) {
  const ProcessResult json = place_.octet({"inspect", "r", "--tensor", "norm.gain", "--json"});
  ASSERT_EQ(json.code, 0) << json.err;
  EXPECT_TRUE(nlohmann::json::parse(json.out).value("codes", nlohmann::json()).is_null());
  EXPECT_THAT(place_.octet({"inspect", "r", "--tensor", "norm.gain"}).out,
              testing::AllOf(Not(HasSubstr("levels are used")), HasSubstr("FP32, which has no levels to count")));
  const ProcessResult hostile = place_.octet({"inspect", "r", "--tensor", "norm\x1b[31m\n.gain"});
  expect_refused(place_, hostile, 2, {"no tensor \"norm\uFFFD[31m .gain\""});
}

TEST_F(Inspect, OtherFormatsShowTheirOwnLevels) {
  write_file_atomically(place_.path() / "nf4.yaml", "{name: nf4, format: nf4, granularity: per_group, group: 16}");
  write_file_atomically(place_.path() / "minimum.yaml",
                        "{name: minimum, bits: 4, granularity: per_group, group: 16, symmetric: false}");
  write_file_atomically(place_.path() / "fp8.yaml", "{name: fp8, format: fp8}");
  write_file_atomically(place_.path() / "trellis.yaml", "{name: trellis, format: trellis, bits: 2}");
  const ProcessResult made = place_.octet({"quantize", "r", "--recipe", "nf4.yaml", "--recipe", "minimum.yaml",
                                           "--recipe", "fp8.yaml", "--recipe", "trellis.yaml"});
  ASSERT_EQ(made.code, 0) << made.err;
  const auto inspected = [&](const std::string& recipe) {
    const ProcessResult result =
        place_.octet({"inspect", "r/quantized/" + recipe, "--tensor", "blocks.0.mlp.up.weight", "--json"});
    return nlohmann::json::parse(result.out);
  };
  const auto codes_of = [&](const std::string& recipe) { return inspected(recipe).at("codes"); };
  EXPECT_EQ(codes_of("nf4").at("levels")[0].at("level"), -1);
  EXPECT_EQ(codes_of("nf4").at("levels")[0].at("code"), 0);
  EXPECT_EQ(codes_of("nf4").at("scales")[0].size(), 2U);
  EXPECT_EQ(codes_of("minimum").at("minimums")[0].size(), 2U);
  EXPECT_EQ(codes_of("minimum").at("levels")[0].at("code"), 0);
  EXPECT_EQ(inspected("minimum").at("no_codes"), "");
  EXPECT_TRUE(codes_of("fp8").is_null()) << "floats have no codes";
  EXPECT_EQ(inspected("fp8").at("no_codes"),
            "fp8 per_channel has no levels to count: its weights are floating-point numbers.");
  EXPECT_THAT(inspected("trellis").at("no_codes").get<std::string>(), HasSubstr("A trellis has no levels to count"));
}

}  // namespace
}  // namespace octet::sample::inspect_cli_test
