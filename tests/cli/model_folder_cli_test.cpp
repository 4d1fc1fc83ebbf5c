#include "tests/cli/cli_sample.h"

namespace octet::sample::model_folder_cli_test {
namespace {

using testing::HasSubstr;

class ModelFolder : public testing::Test {
 protected:
  ModelFolder() { copy_finished_run(place_.path() / "r"); }

  ProcessResult run(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--threads", "1"});
    return run_octet(place_.path().string(), arguments);
  }

  Workplace place_;
};

TEST_F(ModelFolder, ARunMeansItsBestCheckpoint) {
  const std::vector<std::vector<std::string>> verbs = {{"generate", "--prompt", "The", "--tokens", "4", "--seed", "3"},
                                                       {"inspect"},
                                                       {"verify", "--recipe", "int8.yaml", "--json"}};
  write_file_atomically(place_.path() / "int8.yaml", "name: int8\nactivations: dynamic\n");
  for (std::vector<std::string> verb : verbs) {
    SCOPED_TRACE(verb.front());
    verb.insert(verb.begin() + 1, "r");
    const ProcessResult of_run = run(verb);
    verb[1] = "r/checkpoints/best";
    const ProcessResult of_best = run(verb);
    EXPECT_EQ(of_run.code, 0) << of_run.err;
    EXPECT_EQ(of_run.out, of_best.out);
    EXPECT_THAT(of_run.err, HasSubstr("note: r is a run folder: taking r/checkpoints/best"));
    EXPECT_THAT(of_best.err, testing::Not(HasSubstr("is a run folder")));
  }
  const ProcessResult bench = run({"bench", "r", "--formats", "fp32", "--prompt", "4", "--generate", "0"});
  EXPECT_EQ(bench.code, 0) << bench.err;
}

TEST_F(ModelFolder, OtherFoldersNameTheModelsBelow) {
  expect_refused(place_, place_.octet({"inspect", "r/quantized"}), 3,
                 {"r/quantized: expected the folder of a model, found no config.json in it",
                  "models below it: r/quantized/int4, r/quantized/int8"});
  expect_refused(place_, place_.octet({"inspect", "r/charts"}), 3,
                 {"r/charts: expected the folder of a model or of a run, found neither config.json nor config.yaml"});
  fs::remove_all(place_.path() / "r/checkpoints");
  // What a process that was killed left behind is no model.
  const fs::path leftover = place_.path() / "r/quantized/.int8.tmp-417-0";
  fs::copy(place_.path() / "r/quantized/int8", leftover, fs::copy_options::recursive);
  const ProcessResult listed = place_.octet({"inspect", "r"});
  EXPECT_THAT(listed.err, testing::Not(HasSubstr("tmp-417-0")));
  fs::remove_all(leftover);
  expect_refused(place_, listed, 3, {"models below it: r/quantized/int4, r/quantized/int8"});
  fs::remove_all(place_.path() / "r/quantized");
  expect_refused(place_, place_.octet({"inspect", "r"}), 3, {"this run has no model yet; octet train r makes one"});
}

/// One wording, whichever verb and whatever it looks for.
TEST_F(ModelFolder, WhatIsNotThereIsSaidInOneWay) {
  const auto refused = [&](const std::vector<std::string>& command, int code, const std::string& expected) {
    SCOPED_TRACE(testing::PrintToString(command));
    expect_refused(place_, place_.octet(command), code, {"nowhere: expected " + expected + ", found nothing there"});
  };
  const std::string model = "the folder of a model or of a run";
  refused({"inspect", "nowhere"}, 3, model);
  refused({"tokens", "nowhere", "text"}, 3, model);
  refused({"export", "nowhere", "--to", "hf", "--out", "x"}, 3, model);
  refused({"eval", "nowhere", "--text", "text.txt"}, 3, model);
  refused({"eval", "r", "--text", "text.txt", "--against", "nowhere"}, 3, model);
  refused({"compare", "r", "nowhere"}, 3, "the folder of a run or its report.json");
  refused({"import", "nowhere", "--out", "x"}, 3, "a folder of Hugging Face or a GGUF file");
  refused({"train", "nowhere"}, 2, "a YAML file, a run folder or a built-in configuration");
  refused({"train", "tiny.yaml", "corpus.path=nowhere"}, 3, "a file or folder of text");
  expect_refused(place_, place_.octet({"inspect", "text.txt"}), 3, {"text.txt: expected " + model + ", found a file"});
}

TEST_F(ModelFolder, ARecipeIsNoConfiguration) {
  write_file_atomically(place_.path() / "int4.yaml", "name: int4\nbits: 4\n");
  for (const char* verb : {"run", "train"}) {
    expect_refused(place_, place_.octet({verb, "int4.yaml"}), 2,
                   {"int4.yaml: this is a recipe, not the configuration of a run"});
  }
  write_file_atomically(place_.path() / "empty.yaml", "name: a\n");
  expect_refused(place_, place_.octet({"train", "empty.yaml"}), 2, {"corpus"});
}

}  // namespace
}  // namespace octet::sample::model_folder_cli_test
