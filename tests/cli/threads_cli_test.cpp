#include <nlohmann/json.hpp>

#include "tests/cli/cli_sample.h"

namespace octet::sample::threads_cli_test {
namespace {

// Each makes OpenMP give one thread to a program that counts on two, whatever the machine has.
const std::vector<std::string> kOneThreadOnly = {"OMP_THREAD_LIMIT=1", "OMP_MAX_ACTIVE_LEVELS=0"};

/// octet with two threads asked for, or as many as the last argument says.
ProcessResult with_threads(const Workplace& place, std::vector<std::string> arguments, const std::string& setting,
                           const std::string& threads = "2") {
  arguments.insert(arguments.end(), {"--threads", threads});
  return run_octet(place.path().string(), arguments, {setting});
}

std::vector<double> perplexities(const ProcessResult& eval) {
  EXPECT_EQ(eval.code, 0) << eval.err;
  const nlohmann::json report = nlohmann::json::parse(eval.out);
  std::vector<double> values;
  for (const auto& model : report.at("models")) {
    values.push_back(model.at("perplexity"));
  }
  return values;
}

TEST(Threads, EvaluationWithFewerThreadsThanAskedForIsThatOfOneThread) {
  const Workplace place;
  copy_finished_run(place.path() / "r");
  const std::vector<double> expected = perplexities(with_threads(place, {"eval", "r", "--json"}, "A=1", "1"));
  ASSERT_EQ(expected.size(), 3U);
  for (const std::string& setting : kOneThreadOnly) {
    const ProcessResult result = with_threads(place, {"eval", "r", "--json"}, setting);
    EXPECT_EQ(perplexities(result), expected) << setting;
    EXPECT_EQ(nlohmann::json::parse(result.out).at("machine").at("threads"), 1) << setting;
    EXPECT_THAT(result.err, testing::HasSubstr("note: 1 of 2 threads were granted")) << setting;
  }
}

TEST(Threads, TheSystemsLoadMayNotShrinkATeam) {
  const Workplace place;
  copy_finished_run(place.path() / "r");
  // On a machine with fewer processors, or a busy one, OMP_DYNAMIC would make teams smaller.
  const ProcessResult plain = with_threads(place, {"eval", "r", "--json"}, "A=1", "8");
  const ProcessResult dynamic = with_threads(place, {"eval", "r", "--json"}, "OMP_DYNAMIC=true", "8");
  EXPECT_EQ(perplexities(dynamic), perplexities(plain));
  EXPECT_THAT(dynamic.err, testing::HasSubstr("threads 8"));
}

TEST(Threads, GenerationWithFewerThreadsThanAskedForIsThatOfOneThread) {
  const Workplace place;
  // A wider model and a longer prompt: oneDNN shares out no product that is smaller.
  ASSERT_EQ(
      place.octet({"train", "tiny.yaml", "--out", "r", "train.steps=3", "model.width=64", "model.hidden=256"}).code, 0);
  const std::vector<std::string> generate = {
      "generate", "r/checkpoints/last",
      "--prompt", "The cat sees the house. The bird follows the king. The river finds the stone.",
      "--tokens", "12"};
  const ProcessResult one = with_threads(place, generate, "A=1", "1");
  ASSERT_EQ(one.code, 0) << one.err;
  for (const std::string& setting : kOneThreadOnly) {
    EXPECT_EQ(with_threads(place, generate, setting).out, one.out) << setting;
  }
}

TEST(Threads, TrainingWithFewerThreadsThanAskedForEndsWithTheWeightsOfOneThread) {
  const Workplace place;
  const auto weights_after = [&](const std::string& setting, const std::string& threads) {
    fs::remove_all(place.path() / "r");
    const ProcessResult result = with_threads(place, {"train", "tiny.yaml", "--out", "r"}, setting, threads);
    EXPECT_EQ(result.code, 0) << result.err;
    return read_text_file(place.path() / "r/checkpoints/last/model.safetensors");
  };
  const std::string one = weights_after("A=1", "1");
  for (const std::string& setting : kOneThreadOnly) {
    EXPECT_TRUE(weights_after(setting, "2") == one) << setting;
  }
}

}  // namespace
}  // namespace octet::sample::threads_cli_test
