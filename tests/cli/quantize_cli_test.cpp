#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/cli/cli_sample.h"

namespace octet::sample::quantize_cli_test {
namespace {

using testing::HasSubstr;

/// All files below a folder with the time of their last change: what writes nothing leaves them so.
std::vector<std::string> state_of(const fs::path& folder) {
  std::vector<std::string> state;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().filename().string().starts_with("std")) continue;  // of the test itself
    state.push_back(entry.path().string() + " " +
                    std::to_string(fs::last_write_time(entry.path()).time_since_epoch().count()));
  }
  std::sort(state.begin(), state.end());
  return state;
}

TEST(QuantizeDryRun, BeforeTrainingItNeedsTheConfigurationAlone) {
  const Workplace place;
  fs::remove(place.path() / "text.txt");
  const std::vector<std::string> before = state_of(place.path());
  const ProcessResult result = run_octet(place.path().string(), {"quantize", "tiny.yaml", "--dry-run"});
  ASSERT_EQ(result.code, 0) << result.err;
  for (const char* part :
       {"int8: int8 per_channel, dynamic int8 activations\n", "embedding.weight", "(300, 32)", "int4 per_group 32",
        "left FP32 because it is a norm gain", "bits per weight", "stay FP32"}) {
    EXPECT_THAT(result.out, HasSubstr(part));
  }
  EXPECT_THAT(result.err, HasSubstr("note: runs/t is not trained"));
  EXPECT_EQ(state_of(place.path()), before);
}

TEST(QuantizeDryRun, AfterTrainingItIsWhatQuantizeStores) {
  const Workplace place;
  copy_finished_run(place.path() / "r");
  const std::vector<std::string> before = state_of(place.path());
  const ProcessResult result = place.octet({"quantize", "r", "--dry-run", "--json"});
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(result.err, "");
  EXPECT_EQ(state_of(place.path()), before);
  const auto models = nlohmann::json::parse(result.out);
  ASSERT_EQ(models.size(), 2U);
  for (const auto& model : models) {
    const std::string name = model.at("recipe");
    SCOPED_TRACE(name);
    const auto stored = nlohmann::json::parse(read_text_file(place.path() / "r/quantized" / name / "coverage.json"));
    ASSERT_EQ(model.at("tensors").size(), stored.at("tensors").size());
    std::int64_t bytes = 0, fp32 = 0;
    for (std::size_t i = 0; i < stored.at("tensors").size(); ++i) {
      const auto &planned = model.at("tensors")[i], &real = stored.at("tensors")[i];
      EXPECT_EQ(planned.at("tensor"), real.at("name"));
      EXPECT_EQ(planned.at("bytes"), real.at("bytes"));
      EXPECT_EQ(planned.at("scheme"), real.at("scheme"));
      EXPECT_EQ(planned.at("reason"), real.at("reason"));
      bytes += real.at("bytes").get<std::int64_t>();
      fp32 += real.at("scheme") == "fp32" ? 1 : 0;
    }
    EXPECT_EQ(model.at("bytes"), bytes);
    EXPECT_EQ(model.at("left_fp32"), fp32);
    EXPECT_EQ(model.at("exceptions").at(0).at("tensors"), fp32);
  }
}

TEST(QuantizeDryRun, WrongArgumentsAreRefused) {
  const Workplace place;
  expect_refused(place, place.octet({"quantize", "nowhere.yaml", "--dry-run"}), 2, {"nowhere.yaml"});
  expect_refused(place, place.octet({"quantize", "tiny.yaml", "--dry-run", "quantize.0.keep_fp32=[nothing.*]"}), 2,
                 {"quantize.0.keep_fp32.0", "nothing.*"});
  copy_finished_run(place.path() / "r");
  expect_refused(place, place.octet({"quantize", "r", "--dry-run", "model.width=64"}), 2,
                 {"model.width", "octet train"});
}

TEST(Quantize, BeforeTrainingItSaysWhatMakesAModel) {
  const Workplace place;
  expect_refused(place, place.octet({"quantize", "tiny.yaml", "--out", "nowhere"}), 2,
                 {"nowhere: expected the folder of a run with a trained model", "octet train tiny.yaml makes one"});
}

TEST(Quantize, SaysWhatAMethodGainedAndWhatMadeTheModel) {
  const Workplace place;
  copy_finished_run(place.path() / "r");
  std::ofstream(place.path() / "gptq.yaml") << "name: gptq\nbits: 3\nmethod: gptq\ncalibration: {windows: 4}\n"
                                               "layers: [{match: '*.down', bits: 8}]\n";
  const ProcessResult result = run_octet(place.path().string(), {"quantize", "r", "--recipe", "gptq.yaml"});
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.err, testing::ContainsRegex("gptq: loss [0-9.]+ nats on the calibration text, [0-9.]+ by rounding|"
                                                 "gptq is worse than rounding to nearest on its own calibration"));
  EXPECT_THAT(result.err, testing::ContainsRegex("gptq: [0-9]+ of [0-9]+ tensors stay FP32"));
  EXPECT_THAT(result.err, testing::ContainsRegex("gptq: [0-9]+ tensors?: the entry \"\\*.down\" of layers"));
  EXPECT_THAT(result.err, testing::ContainsRegex("quantize  layer [0-9]+/[0-9]+ .*relative error"));
  const std::string gptq = place.octet({"inspect", "r/quantized/gptq"}).out;
  EXPECT_THAT(gptq, HasSubstr("recipe: int4 per_channel (3-bit codes), gptq"));
  EXPECT_THAT(gptq, testing::ContainsRegex("made by: octet [0-9.]+"));
  EXPECT_THAT(gptq, testing::ContainsRegex("calibrated on tokens of SHA-256: [0-9a-f]+\n"));
  EXPECT_THAT(place.octet({"inspect", "r/quantized/int8"}).out, testing::Not(HasSubstr("calibrated on")));
  const auto fp32 = nlohmann::json::parse(place.octet({"inspect", "r/checkpoints/best", "--json"}).out);
  const auto made = nlohmann::json::parse(place.octet({"inspect", "r/quantized/gptq", "--json"}).out);
  EXPECT_EQ(fp32.at("recipe"), "");
  EXPECT_EQ(made.at("fp32_sha256").get<std::string>().size(), 64U);
  EXPECT_EQ(made.at("calibration_sha256").get<std::string>().size(), 64U);
}

TEST(Quantize, NamesModelsThatNoRecipeMakesAnyMore) {
  const Workplace place;
  copy_finished_run(place.path() / "r");
  const std::string note = "r/quantized/int4 is of no recipe of this run any more";
  const ProcessResult same = run_octet(place.path().string(), {"quantize", "r", "--threads", "1"});
  EXPECT_THAT(same.err, testing::Not(HasSubstr("is of no recipe")));
  const ProcessResult fewer =
      run_octet(place.path().string(), {"quantize", "r", "quantize=[{name: int8, activations: dynamic}]"});
  ASSERT_EQ(fewer.code, 0) << fewer.err;
  EXPECT_THAT(fewer.err, HasSubstr(note));
  EXPECT_THAT(fewer.err, testing::Not(HasSubstr("r/quantized/int8 is of")));
}

TEST(QuantizeRecipe, FilesAreAddedToTheRun) {
  const Workplace place;
  copy_finished_run(place.path() / "r");
  write_file_atomically(place.path() / "three.yaml", "name: three\nbits: 3\ngranularity: per_group\n");
  write_file_atomically(place.path() / "half.yaml", "name: half\nformat: fp16\n");
  const std::vector<std::string> command = {"quantize", "r", "--recipe", "three.yaml", "--recipe", "half.yaml"};
  std::vector<std::string> plan = command;
  plan.push_back("--dry-run");
  EXPECT_THAT(place.octet(plan).out, HasSubstr("three: int4 per_group 32 (3-bit codes)"));
  EXPECT_FALSE(fs::exists(place.path() / "r/quantized/three"));

  const std::string four = "r/quantized/int8\nr/quantized/int4\nr/quantized/three\nr/quantized/half\n";
  ProcessResult result = place.octet(command);
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(result.out, four);
  EXPECT_EQ(place.octet(command).out, four) << "once more adds nothing";
  EXPECT_EQ(place.octet({"quantize", "r"}).out, four) << "they are recipes of the run now";
  result = place.octet({"eval", "r"});
  EXPECT_EQ(result.code, 0) << result.err;

  write_file_atomically(place.path() / "other.yaml", "name: int4\nbits: 4\ngranularity: per_tensor\n");
  expect_refused(place, place.octet({"quantize", "r", "--recipe", "other.yaml"}), 2,
                 {"--recipe other.yaml", "expected recipes of different names", "int4"});
  expect_refused(place, place.octet({"quantize", "r", "--recipe", "none.yaml"}), 2, {"none.yaml"});
  expect_refused(place, place.octet({"quantize", "r", "--recipe", "tiny.yaml"}), 2, {"tiny.yaml"});
}

}  // namespace
}  // namespace octet::sample::quantize_cli_test
