#include <algorithm>
#include <nlohmann/json.hpp>

#include "tests/cli/cli_sample.h"

namespace octet::sample::given_model_cli_test {
namespace {

const char* kGivenConfig = R"(name: given
checkpoint: r
corpus: {path: text.txt}
quantize:
  - {name: static, bits: 8, activations: static, calibration: {windows: 4}}
  - {name: per-token, bits: 8, activations: dynamic}
  - {name: smooth, bits: 8, activations: static, transforms: [smooth], calibration: {windows: 4}}
eval:
  max_windows: 8
  speed: {repetitions: 1}
  bootstrap: {resamples: 100}
  outlier_lab: {exponents: [0, 8], channels: [5], windows: 4}
)";

class GivenModel : public testing::Test {
 protected:
  void SetUp() override {
    copy_finished_run(place.path() / "r");
    write_file_atomically(place.path() / "given.yaml", kGivenConfig);
  }
  nlohmann::json read(const char* file) const { return nlohmann::json::parse(read_text_file(place.path() / file)); }

  Workplace place;
};

TEST_F(GivenModel, IsEvaluatedAsInItsOwnRunAndMeetsPlantedOutliers) {
  const ProcessResult result = place.octet({"run", "given.yaml"});
  ASSERT_EQ(result.code, 0) << result.err;
  const auto report = read("runs/given/report.json"), own = read("r/report.json");
  EXPECT_EQ(report["models"][0]["perplexity"], own["models"][0]["perplexity"]);
  EXPECT_EQ(report["models"][0]["weights_sha256"], own["models"][0]["weights_sha256"]);
  EXPECT_EQ(report["notices"].size(), own["notices"].size()) << "there is no training to miss";

  const auto& charts = report["charts"];
  EXPECT_EQ(std::count_if(
                charts.begin(), charts.end(),
                [](const auto& chart) { return chart["name"].template get<std::string>().starts_with("weights_"); }),
            1)
      << "two recipes round the same weights to the same codes";

  const auto lab = read("runs/given/outliers.json");
  EXPECT_EQ(lab, report["outlier_lab"]);
  EXPECT_EQ(lab["fp32_bit_identical"], true);
  ASSERT_EQ(lab["rows"].size(), 2u * 6u);
  const auto increase = [&](std::int64_t k, const std::string& scheme) {
    for (const auto& row : lab["rows"]) {
      if (row["k"] == k && row["scheme"] == scheme) return row["ppl_increase"].get<double>();
    }
    return -1.0;
  };
  EXPECT_GT(increase(8, "static"), 10 * increase(8, "smooth"));
  for (const char* page : {"runs/given/report.md", "runs/given/report.html"}) {
    EXPECT_THAT(read_text_file(place.path() / page), testing::HasSubstr("Outliers on purpose")) << page;
  }

  // The same command again, also without the run that the model came from; and an evaluation without a lab.
  fs::remove_all(place.path() / "r");
  EXPECT_EQ(place.octet({"train", "given.yaml"}).code, 0);
  EXPECT_EQ(place.octet({"quantize", "given.yaml", "--dry-run"}).code, 0);
  ASSERT_EQ(place.octet({"eval", "runs/given", "eval.outlier_lab=null"}).code, 0);
  EXPECT_FALSE(fs::exists(place.path() / "runs/given/outliers.json"));
}

TEST_F(GivenModel, IsRefusedWhereItDoesNotFit) {
  const auto refused = [&](const std::vector<std::string>& overrides, int code, const std::vector<std::string>& parts) {
    SCOPED_TRACE(overrides.front());
    std::vector<std::string> arguments = {"run", "given.yaml"};
    arguments.insert(arguments.end(), overrides.begin(), overrides.end());
    expect_refused(place, place.octet(arguments), code, parts);
    EXPECT_FALSE(fs::exists(place.path() / "runs/given/report.json"));
  };
  refused({"checkpoint=nowhere"}, 2, {"nowhere: expected the folder of a model", "nowhere"});
  refused({"checkpoint=r/quantized/int8"}, 2, {"checkpoint: expected a model in FP32", "quantized"});
  refused({"model.width=96"}, 2, {"model: expected nothing, or the shape of", "width: 96 -> 32"});
  refused({"train.steps=5"}, 2,
          {"checkpoint: expected a configuration without settings of `train`", "train.steps: 1000 -> 5"});
  refused({"eval.context=64"}, 2, {"eval.context: expected at most the model's context of 32", "the model is that of"});
  refused({"eval.outlier_lab.channels=[32]"}, 2, {"eval.outlier_lab.channels: expected channels from 0 to 31"});
  refused({"eval.outlier_lab.layers=[2]"}, 2, {"eval.outlier_lab.layers: expected blocks from 0 to 1, got 2"});
  refused({"quantize.0.name=per-tensor"}, 2, {"quantize.0.name: expected a name that no simulated scheme"});
  refused({"quantize.0.keep_fp32=[blocks.7.*]"}, 2, {"quantize.0.keep_fp32.0: the pattern", "matches no layer"});
  refused({"corpus.seed=9"}, 3, {"expected the split of the text", "corpus.seed: 1 -> 9"});
  refused({"--out", "r"}, 2, {"checkpoint: expected a model of another run", "in the run folder itself"});
  EXPECT_TRUE(fs::exists(place.path() / "r/checkpoints/best/trainer.safetensors"));
  write_file_atomically(place.path() / "r/checkpoints/best/config.json", "{}");
  refused({"name=given"}, 3, {"config.json"});
}

TEST_F(GivenModel, IsTakenWhereItsFilesAreLinks) {
  fs::create_directory(place.path() / "links");
  for (const char* file : {"config.json", "model.safetensors", "tokenizer.json"}) {
    fs::create_symlink(std::string("../r/checkpoints/best/") + file, place.path() / "links" / file);
  }
  const ProcessResult result = place.octet({"train", "given.yaml", "checkpoint=links"});
  ASSERT_EQ(result.code, 0) << result.err;
  fs::remove_all(place.path() / "links");
  EXPECT_FALSE(fs::is_symlink(place.path() / "runs/given/checkpoints/best/model.safetensors"));
  EXPECT_EQ(place.octet({"inspect", "runs/given"}).code, 0);
}

// From another file system it is copied, not linked.
TEST_F(GivenModel, AFullDiskLeavesNoHalfOfIt) {
  const fs::path shared_memory = "/dev/shm";
  if (!fs::is_directory(shared_memory)) {
    GTEST_SKIP() << "no second file system at " << shared_memory;
  }
  const TemporaryFolder elsewhere(shared_memory);
  fs::copy(place.path() / "r/checkpoints/best", elsewhere.path(), fs::copy_options::recursive);
  const std::string checkpoint = "checkpoint=" + elsewhere.path().string();
  // 16 blocks of 1 KiB: the configuration fits, the weights do not.
  const ProcessResult full =
      place.shell("ulimit -f 16; exec $OCTET train given.yaml " + checkpoint + " --threads 1 --quiet");
  expect_refused(place, full, 1, {"runs/given/checkpoints", "File too large"});
  EXPECT_FALSE(fs::exists(place.path() / "runs/given/checkpoints/best"));
  EXPECT_EQ(place.octet({"train", "given.yaml", checkpoint}).code, 0);
}

TEST_F(GivenModel, IsNotTakenWhereItIsDamaged) {
  const fs::path weights = place.path() / "r/checkpoints/best/model.safetensors";
  const std::string good = read_text_file(weights);
  std::string bad = good;
  bad.back() = static_cast<char>(bad.back() ^ 1);
  write_file_atomically(weights, bad);
  expect_refused(place, place.octet({"train", "given.yaml"}), 3,
                 {"r/checkpoints/best/model.safetensors", "is damaged"});
  EXPECT_FALSE(fs::exists(place.path() / "runs/given"));
  write_file_atomically(weights, good);
  EXPECT_EQ(place.octet({"train", "given.yaml"}).code, 0);
}

TEST_F(GivenModel, LaterStagesGoByItsShapeToo) {
  ASSERT_EQ(place.octet({"train", "given.yaml"}).code, 0);
  const fs::path config = place.path() / "runs/given/config.yaml";
  const std::string before = read_text_file(config);
  const auto refused = [&](const char* verb, const std::string& override, const std::string& part) {
    expect_refused(place, place.octet({verb, "runs/given", override}), 2, {part, "the model is that of"});
    EXPECT_EQ(read_text_file(config), before);
  };
  refused("eval", "eval.outlier_lab.layers=[2]", "eval.outlier_lab.layers: expected blocks from 0 to 1, got 2");
  refused("eval", "eval.context=64", "eval.context: expected at most the model's context of 32, got 64");
  refused("quantize", "quantize.0.keep_fp32=[none]", "quantize.0.keep_fp32.0: the pattern");
}

TEST_F(GivenModel, MayMeetATextThatItWasNotTrainedOn) {
  write_file_atomically(place.path() / "other.txt", grammar_text(1100) + "An end.\n");
  const ProcessResult result =
      run_octet(place.path().string(), {"train", "given.yaml", "corpus.path=other.txt", "--threads", "1"});
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.err, testing::HasSubstr("was not trained on this text, as far as is known"));
  ASSERT_EQ(place.octet({"quantize", "runs/given"}).code, 0);
  ASSERT_EQ(place.octet({"eval", "runs/given", "eval.outlier_lab=null"}).code, 0);
  ASSERT_EQ(place.octet({"report", "runs/given"}).code, 0);
  const std::string page = read_text_file(place.path() / "runs/given/report.md");
  EXPECT_THAT(page, testing::HasSubstr("Whether the model has seen this text in its training is not known."));
  EXPECT_THAT(page, testing::Not(testing::HasSubstr("none of them had seen")));
}

}  // namespace
}  // namespace octet::sample::given_model_cli_test
