#include <nlohmann/json.hpp>

#include "tests/cli/cli_sample.h"
#include "train/metrics.h"

namespace octet::sample::run_cli_test {
namespace {

std::string weights(const fs::path& run, const char* checkpoint = "last") {
  return read_text_file(run / "checkpoints" / checkpoint / "model.safetensors");
}

TEST(Run, LeavesEveryFile) {
  const Workplace place;
  copy_finished_run(place.path() / "r");
  for (const char* file :
       {"config.yaml", "metrics.jsonl", "train.log", "report.json", "report.md", "report.html",
        "checkpoints/last/trainer.json", "checkpoints/best/model.safetensors", "checkpoints/step-30/tokenizer.json",
        "quantized/int8/config.json", "quantized/int4/coverage.json"}) {
    EXPECT_TRUE(fs::is_regular_file(place.path() / "r" / file)) << file;
  }
  const auto report = nlohmann::json::parse(read_text_file(place.path() / "r/report.json"));
  EXPECT_EQ(report.at("models").size(), 3u);
  if (std::system("gnuplot --version >/dev/null 2>&1") != 0) return;
  for (const char* ending : {".svg", ".gp", ".dat"}) {
    EXPECT_TRUE(fs::is_regular_file(place.path() / "r/charts" / (std::string("training") + ending)));
  }
}

TEST(Run, TheSameSeedGivesTheSameBits) {
  const Workplace place;
  copy_finished_run(place.path() / "a");
  ASSERT_EQ(place.octet({"train", "tiny.yaml", "--out", "b"}).code, 0);
  ASSERT_EQ(place.octet({"quantize", "b"}).code, 0);
  EXPECT_TRUE(weights(place.path() / "a") == weights(place.path() / "b"));
  EXPECT_TRUE(read_text_file(place.path() / "a/quantized/int4/model.safetensors") ==
              read_text_file(place.path() / "b/quantized/int4/model.safetensors"));
  const auto a = read_metrics(place.path() / "a/metrics.jsonl"), b = read_metrics(place.path() / "b/metrics.jsonl");
  ASSERT_EQ(a.size(), 30u);
  ASSERT_EQ(b.size(), 30u);
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].loss, b[i].loss);
    EXPECT_EQ(a[i].val_loss, b[i].val_loss);
    EXPECT_EQ(a[i].grad_norm, b[i].grad_norm);
  }
}

TEST(Run, ASecondTimeGivesTheSameReport) {
  const Workplace place;
  copy_finished_run(place.path() / "r");
  const auto before = nlohmann::json::parse(read_text_file(place.path() / "r/report.json"));
  const ProcessResult result = place.octet({"run", "r", "--json"});
  ASSERT_EQ(result.code, 0) << result.err;
  const auto after = nlohmann::json::parse(result.out);
  for (std::size_t i = 0; i < 3; ++i) {
    for (const char* key : {"name", "nll", "perplexity", "file_bytes", "kl_divergence"}) {
      EXPECT_EQ(before.at("models").at(i).at(key), after.at("models").at(i).at(key)) << key;
    }
  }
}

TEST(Run, AStageStoresOnlyItsOwnSection) {
  const Workplace place;
  copy_finished_run(place.path() / "r");
  ASSERT_EQ(place.octet({"quantize", "r", "quantize.0.bits=6"}).code, 0);
  const std::string config = read_text_file(place.path() / "r/config.yaml");
  EXPECT_NE(config.find("bits: 6"), std::string::npos);
  EXPECT_EQ(place.octet({"train", "r"}).code, 0) << "the stored configuration no longer fits the checkpoint";
}

TEST(Run, OneStepAndARaggedGroupWork) {
  const Workplace place;
  const ProcessResult result =
      place.octet({"run", "tiny.yaml", "--out", "r", "train.steps=1", "quantize.1.group=7", "--json"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_TRUE(nlohmann::json::accept(result.out));
}

TEST(Run, JsonIsAllThatComesOnStdout) {
  const Workplace place;
  copy_finished_run(place.path() / "r");
  const std::string best = "r/checkpoints/best";
  const std::vector<std::vector<std::string>> commands = {{"train", "r"},
                                                          {"quantize", "r"},
                                                          {"eval", "r"},
                                                          {"report", "r"},
                                                          {"generate", best, "--prompt", "The", "--tokens", "5"},
                                                          {"inspect", best},
                                                          {"inspect", best, "--tensor", "embedding.weight"},
                                                          {"configs", "ls"},
                                                          {"configs", "validate", "r"}};
  for (std::vector<std::string> command : commands) {
    command.push_back("--json");
    const ProcessResult result = place.octet(command);
    EXPECT_EQ(result.code, 0) << result.err;
    EXPECT_TRUE(nlohmann::json::accept(result.out)) << testing::PrintToString(command) << result.out;
  }
  expect_refused(place, place.octet({"generate", best, "--prompt", ""}), 2, {"--prompt"});
}

TEST(Run, AClosedPipeIsAnErrorAndNotACrash) {
  const Workplace place;
  copy_finished_run(place.path() / "r");
  const ProcessResult result = place.shell(
      "$OCTET configs show demo | head -1 >/dev/null; $OCTET inspect r/checkpoints/best | true; echo ${PIPESTATUS[0]}");
  EXPECT_THAT(result.out, testing::AnyOf("0\n", "1\n"));
}

TEST(Run, AnOrderToStopEndsTheWaitForAPipeThatNobodyWritesTo) {
  const Workplace place;
  const ProcessResult result =
      place.shell("mkfifo pipe.yaml; $OCTET run pipe.yaml --out r & sleep 0.5; kill -TERM $!; wait $!");
  EXPECT_EQ(result.code, 130) << result.err;
  EXPECT_THAT(result.err, testing::HasSubstr("pipe.yaml: interrupted while nothing came to read"));
}

TEST(Run, WithoutGnuplotOnlyTheChartsAreMissing) {
  const Workplace place;
  copy_finished_run(place.path() / "r");
  fs::create_directory(place.path() / "nothing");
  for (const char* page : {"report.md", "report.html"}) fs::remove(place.path() / "r" / page);
  const ProcessResult result = place.octet({"report", "r"}, {"PATH=" + (place.path() / "nothing").string()});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_TRUE(fs::exists(place.path() / "r/report.html"));
  EXPECT_THAT(read_text_file(place.path() / "r/report.md"), testing::HasSubstr("Charts were left out"));
}

TEST(Run, AFullDiskKeepsWhatWasThere) {
  const Workplace place;
  copy_finished_run(place.path() / "r");
  const std::string before = weights(place.path() / "r");
  // 64 blocks of 1 KiB: the log and metrics fit, a checkpoint does not.
  const ProcessResult fresh = place.shell("ulimit -f 64; exec $OCTET train tiny.yaml --out full --threads 1 --quiet");
  expect_refused(place, fresh, 1, {"step-10", "File too large"});
  const ProcessResult again =
      place.shell("ulimit -f 64; exec $OCTET train r train.seed=2 train.resume=r/checkpoints/last --threads 1 --quiet");
  EXPECT_NE(again.code, 0);
  EXPECT_TRUE(weights(place.path() / "r") == before);
  EXPECT_EQ(place.octet({"inspect", "r/checkpoints/last"}).code, 0);
}

TEST(Run, ALossThatIsNotANumberStopsAndKeepsTheLastCheckpoint) {
  const Workplace place;
  const std::vector<std::string> absurd = {
      "train", "tiny.yaml", "--out", "r", "train.optimizer.muon.learning_rate=1e30", "train.gradient_clip=0"};
  expect_refused(place, place.octet(absurd), 1, {"finite", "at step", "no checkpoint yet"});
  // Slower: the first two steps leave finite weights and are saved, the third does not.
  const ProcessResult slower =
      place.octet({"train", "tiny.yaml", "--out", "r", "train.optimizer.muon.learning_rate=1e8",
                   "train.gradient_clip=0", "train.save_every=1"});
  expect_refused(place, slower, 1, {"finite", "after step 3"});
  EXPECT_TRUE(fs::exists(place.path() / "r/checkpoints/step-2"));
  EXPECT_EQ(place.octet({"inspect", "r/checkpoints/last"}).code, 0);
}

TEST(Run, AnInterruptedTrainingGoesOnToTheSameBits) {
  const Workplace place;
  ASSERT_EQ(place.octet({"train", "tiny.yaml", "--out", "whole", "train.steps=200"}).code, 0);
  // The signal comes when some steps are done, long before the last. `set -m`: a background job heeds SIGINT.
  const ProcessResult stopped = place.shell(
      "set -m; $OCTET train tiny.yaml --out cut train.steps=200 --threads 1 --quiet & pid=$!; "
      "until [ -s cut/metrics.jsonl ]; do sleep 0.01; done; kill -INT $pid; wait $pid");
  expect_refused(place, stopped, 130, {"interrupted", "of 200", "cut/checkpoints/last"});
  EXPECT_EQ(place.octet({"inspect", "cut/checkpoints/last"}).code, 0);
  ASSERT_EQ(place.octet({"train", "cut"}).code, 0);
  EXPECT_TRUE(weights(place.path() / "whole") == weights(place.path() / "cut"));
}

TEST(Run, AnInterruptedEvaluationStopsWithoutAReport) {
  const Workplace place;
  copy_finished_run(place.path() / "r");
  fs::remove(place.path() / "r/report.json");
  const ProcessResult stopped = place.shell(
      "set -m; $OCTET eval r eval.max_windows=0 eval.bootstrap.resamples=1000000 --threads 1 2>stop.txt & pid=$!; "
      "until grep -q window stop.txt; do sleep 0.01; done; kill -INT $pid; wait $pid");
  EXPECT_EQ(stopped.code, 130);
  EXPECT_THAT(read_text_file(place.path() / "stop.txt"), testing::HasSubstr("interrupted"));
  EXPECT_FALSE(fs::exists(place.path() / "r/report.json"));
}

}  // namespace
}  // namespace octet::sample::run_cli_test
