#include <nlohmann/json.hpp>

#include "tests/cli/cli_sample.h"

namespace octet::sample::verify_cli_test {
namespace {

class Verify : public testing::Test {
 protected:
  void SetUp() override { copy_finished_run(place_.path() / "r"); }

  Workplace place_;
};

TEST_F(Verify, ATableOfLayersAndBackendsEndsWithTheVerdict) {
  const ProcessResult result = place_.octet({"verify", "r/quantized/int8"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(result.err, "");
  for (const char* part : {"blocks.0.attention.qkv", "blocks.1.mlp.down", "embedding", "cpu-generic",
                           "int8 per_channel, dynamic", "equal", "11 layers, "}) {
    EXPECT_THAT(result.out, testing::HasSubstr(part));
  }
  EXPECT_TRUE(result.out.ends_with("all int32 sums equal, floats within their bounds\n")) << result.out;
}

TEST_F(Verify, JsonHasOneRowForEachLayerAndBackend) {
  const ProcessResult result = place_.octet(
      {"verify", "r/quantized/int8", "--json", "--rows", "5", "--prompt", "The cat sees the bird and the tree."});
  ASSERT_EQ(result.code, 0) << result.err;
  const auto rows = nlohmann::json::parse(result.out);
  ASSERT_GE(rows.size(), 11u);
  EXPECT_EQ(rows.size() % 11, 0u);
  for (const auto& row : rows) {
    EXPECT_EQ(row.at("int32_equal"), true);
    EXPECT_EQ(row.at("codes_equal"), true);
    EXPECT_EQ(row.at("inputs"), 5);
    EXPECT_LE(row.at("max_float_error"), row.at("float_bound"));
    EXPECT_EQ(row.at("difference"), "");
  }
  EXPECT_EQ(rows.back().at("layer"), "embedding");
  EXPECT_EQ(rows.back().at("backend"), "cpu-generic");
}

TEST_F(Verify, AnFp32CheckpointNeedsARecipe) {
  expect_refused(place_, place_.octet({"verify", "r/checkpoints/best"}), 2,
                 {"r/checkpoints/best", "no layer", "--recipe"});
  const std::string recipe = OCTET_SOURCE_DIR "/configs/recipes/int4-weight-only.yaml";
  const ProcessResult result =
      place_.octet({"verify", "r/checkpoints/best", "--recipe", recipe, "--json", "--rows", "40"});
  ASSERT_EQ(result.code, 0) << result.err;
  const auto row = nlohmann::json::parse(result.out).at(0);
  EXPECT_TRUE(row.at("int32_equal").is_null()) << "FP32 activations have no int32 sums";
  EXPECT_EQ(row.at("inputs"), 40) << "more than the context of 32";
  expect_refused(place_, place_.octet({"verify", "r/quantized/int8", "--recipe", recipe}), 2, {"quantized already"});
  expect_refused(place_, place_.octet({"verify", "r/checkpoints/best", "--recipe", "none.yaml"}), 2, {"none.yaml"});
  for (const std::string name : {"int8-static.yaml", "awq.yaml"}) {
    const std::string calibrated = OCTET_SOURCE_DIR "/configs/recipes/" + name;
    expect_refused(place_, place_.octet({"verify", "r/checkpoints/best", "--recipe", calibrated}), 2,
                   {name, "calibration", "octet quantize"});
  }
}

TEST_F(Verify, MissingAndBrokenCheckpointsAreInputErrors) {
  expect_refused(place_, place_.octet({"verify", "nowhere"}), 3, {"nowhere"});
  fs::resize_file(place_.path() / "r/quantized/int4/model.safetensors", 5000);
  expect_refused(place_, place_.octet({"verify", "r/quantized/int4"}), 3, {"model.safetensors", "truncated"});
  expect_refused(place_, place_.octet({"verify", "r/quantized/int8", "--rows", "0"}), 2, {"--rows"});
}

}  // namespace
}  // namespace octet::sample::verify_cli_test
