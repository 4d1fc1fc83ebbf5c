#include <nlohmann/json.hpp>

#include "base/shown_text.h"
#include "tests/cli/cli_sample.h"

namespace octet::sample::rules_cli_test {
namespace {

/// A setting that some stage cannot work with, and what the message says.
struct BadSetting {
  std::string override;
  std::vector<std::string> parts;
};

TEST(Rules, WhatALaterStageCannotDoIsRefusedBeforeAnyWork) {
  const std::string long_name(201, 'n');
  const std::vector<BadSetting> settings = {
      {"name=a/b", {"name: expected a name for a folder"}},
      {"name=..", {"name: expected a name for a folder"}},
      {"name= ", {"name: expected a name that is not empty or blank"}},
      {"name=a\tb", {"name: expected a name without control characters"}},
      {"name=" + long_name, {"name: expected a name of at most 200 bytes, got \"nnn", "nnn...\""}},
      {"name=a\xff", {"name: expected", "not UTF-8"}},
      {"corpus.name=a\x1b[1m", {"corpus.name: expected a name without control characters"}},
      {"quantize.1.name= ", {"quantize.1.name: expected a name that is not empty"}},
      {"quantize.1.name=a\nb", {"quantize.1.name: expected a name without control characters"}},
      {"quantize.1.name=" + long_name,
       {"quantize.1.name: expected a name of at most 200 bytes, got \"nnn", "nnn...\""}},
      {"quantize.1.name=a\xff", {"quantize.1.name: expected", "not UTF-8"}},
      {"quantize.1.name=INT8", {"quantize.1.name: expected recipes of different names", "\"int8\""}},
      {"quantize.1.name=fp32", {"quantize.1.name: expected recipes of different names"}},
      {"quantize.1.keep_fp32=[blocks.7.*]", {"quantize.1.keep_fp32.0: the pattern", "matches no layer"}},
      {"quantize.0.keep_fp16=['']", {"quantize.0.keep_fp16.0: the pattern"}},
      {"quantize.1.group=0", {"quantize.1.group: expected an integer from 1"}},
      {"quantize.0={name: x, activations: outlier_split, threshold: 1e39}", {"quantize.0.threshold", "1e+30"}},
      {"quantize.0={name: x, activations: static, calibration: {windows: 0}}", {"quantize.0.calibration.windows"}},
      {"quantize.0={name: x, activations: static, calibration: {context: 33}}",
       {"quantize.0.calibration.context: expected at most the model's context of 32, got 33"}},
      {"quantize.0={name: x, activations: static, calibration: {percentile: 101}}", {"percentile"}},
      {"quantize.0={name: x, transforms: [smoth]}", {"quantize.0.transforms.0: expected one of smooth, rotate, awq"}},
      {"quantize.0={name: x, transforms: [smooth], smooth: {alpha: 2}}", {"quantize.0.smooth.alpha"}},
      {"eval.stride=33", {"eval.stride: expected at most the model's context of 32, got 33"}},
      {"eval.context=33", {"eval.context: expected at most the model's context of 32, got 33"}},
      {"eval.speed.prompt_tokens=33", {"eval.speed.prompt_tokens: expected at most the model's context"}},
      {"eval.speed.repetitions=1e9", {"eval.speed.repetitions: expected"}},
      {"eval.max_windows=1", {"eval.max_windows: expected 0 (all) or at least 2"}},
      {"eval.prompts=['']", {"eval.prompts.0: expected a text that is not empty"}},
      {"eval.prompts=[]", {"eval.prompts: expected a list that is not empty"}},
      {"eval.bootstrap.resamples=1e12", {"eval.bootstrap.resamples: expected"}},
      {"eval.sampling.stop_token=-1", {"eval.sampling.stop_token: expected"}},
      {"eval.sampling.max_tokens=1e12", {"eval.sampling.max_tokens: expected at most"}},
      {"eval.sampling.temperature=1e9", {"eval.sampling.temperature: expected"}},
      {"corpus={path: text.txt, calibration_fraction: 0.5, test_fraction: 0.5}", {"corpus.test_fraction: expected"}},
      {"model.heads=5", {"model.heads: expected a divisor"}},
      {"model.heads=32", {"model.heads: expected an even head size"}},
      {"quantize.1.low_rank=33", {"quantize.1: low_rank: expected at most 32", "\"embedding\", got 33"}},
      {"model.rotations.down=true", {"model.rotations: expected none, for recipes set them", "down: false -> true"}},
      {"model.rotations={seed: 2}", {"model.rotations: expected none"}},
      {"model.norm_epsilon=1e-60", {"model.norm_epsilon: expected"}},
      {"model.rope_theta=1e60", {"model.rope_theta: expected"}},
      {"train.batch=1e15", {"train.batch: expected"}},
      {"train.batch=1000000", {"train.batch of 1000000 rows of 32 tokens", "of memory"}},
      {"train={steps: 1e9, batch: 1e6, accumulation: 1e6}", {"train.steps: expected a training of at most"}},
      {"model={width: 65536, layers: 1024, heads: 2, hidden: 262144}", {"width 65536", "of memory"}},
  };
  const Workplace place;
  for (const BadSetting& setting : settings) {
    SCOPED_TRACE(setting.override);
    for (const std::vector<std::string>& verb :
         std::vector<std::vector<std::string>>{{"configs", "validate"}, {"run"}, {"train"}}) {
      std::vector<std::string> arguments = verb;
      arguments.insert(arguments.end(), {"tiny.yaml", setting.override});
      expect_refused(place, place.octet(arguments), 2, setting.parts);
      EXPECT_FALSE(fs::exists(place.path() / "runs"));
    }
  }
}

TEST(Rules, AreReportedWithTheLineOfTheKey) {
  const Workplace place;
  write_file_atomically(place.path() / "bad.yaml",
                        "corpus: {path: text.txt}\nmodel: {context: 32}\nquantize:\n  - name: a\n  - name: A\n"
                        "    keep_fp32:\n      - nothing\neval:\n  stride: 64\n");
  for (const std::vector<std::string>& verb : {std::vector<std::string>{"configs", "validate"}, {"run"}}) {
    std::vector<std::string> arguments = verb;
    arguments.push_back("bad.yaml");
    expect_refused(place, place.octet(arguments), 2,
                   {"bad.yaml:5: quantize.1.name", "bad.yaml:7: quantize.1.keep_fp32.0", "bad.yaml:9: eval.stride"});
  }
}

TEST(Rules, NamesThatPeopleExpectWork) {
  const Workplace place;
  const std::vector<std::string> names = {"train.steps=2", "name=my run \u00fc", "quantize.0.name=my \"int8\" \\ 1.0",
                                          "quantize.1.name=\u56db\u4f4d"};
  std::vector<std::string> train = {"train", "tiny.yaml"};
  train.insert(train.end(), names.begin(), names.end());
  ASSERT_EQ(place.octet(train).code, 0);
  const fs::path run = place.path() / "runs" / "my run \u00fc";
  ASSERT_EQ(place.octet({"quantize", run.string()}).code, 0);
  const ProcessResult result = place.octet({"eval", run.string(), "--json"});
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(nlohmann::json::parse(result.out).at("models").at(2).at("name"), "\u56db\u4f4d");
  EXPECT_TRUE(fs::exists(run / "quantized" / file_name_for("\u56db\u4f4d") / "model.safetensors"));
  EXPECT_TRUE(fs::exists(run / "quantized" / file_name_for("my \"int8\" \\ 1.0") / "model.safetensors"));
}

TEST(Rules, ATextWithOneWindowToTestIsRefusedBeforeTraining) {
  const Workplace place;
  write_file_atomically(place.path() / "short.txt", grammar_text(200));
  const std::vector<std::string> settings = {"corpus.path=short.txt", "model.context=500", "corpus.test_fraction=0.2",
                                             "corpus.calibration_fraction=0.2"};
  for (const char* verb : {"run", "train"}) {
    std::vector<std::string> arguments = {verb, "tiny.yaml"};
    arguments.insert(arguments.end(), settings.begin(), settings.end());
    const ProcessResult result = place.octet(arguments);
    EXPECT_EQ(result.code, 3) << result.err;
    EXPECT_FALSE(fs::exists(place.path() / "runs"));
  }
}

TEST(Rules, SeedsOf64BitsArePrintedAsTheyAre) {
  const Workplace place;
  const std::string seed = "18446744073709551615";
  ASSERT_EQ(place.octet({"run", "tiny.yaml", "--out", "r", "train.steps=1", "--seed", seed}).code, 0);
  EXPECT_THAT(read_text_file(place.path() / "r/report.json"), testing::HasSubstr("\"seed\": " + seed));
  EXPECT_THAT(read_text_file(place.path() / "r/report.md"), testing::HasSubstr(seed));
  EXPECT_EQ(place.octet({"report", "r"}).code, 0);
  expect_refused(place, place.octet({"train", "tiny.yaml", "--seed", "18446744073709551616"}), 2,
                 {"--seed", "expected an integer from 0 to " + seed});
}

}  // namespace
}  // namespace octet::sample::rules_cli_test
