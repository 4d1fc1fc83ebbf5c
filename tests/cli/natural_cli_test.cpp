#include <nlohmann/json.hpp>

#include "tests/cli/cli_sample.h"

namespace octet::sample::natural_cli_test {
namespace {

const std::string kLab = R"(name: lab
corpus: {path: text.txt}
model: {vocabulary: 300, context: 32, width: 32, layers: 2, heads: 2, hidden: 64}
train: {steps: 20, batch: 8, eval_every: 10, save_every: 10, eval_tokens: 1024}
variants:
  - {name: plain}
  - {name: gated, set: [model.attention_gate=true, model.qk_norm=true]}
  - {name: no-decay, set: [train.optimizer.muon.weight_decay=0]}
quantize: [{name: static, bits: 8, activations: static}]
eval: {max_windows: 8, speed: {repetitions: 1}, bootstrap: {resamples: 100}}
)";

/// A lab of three trainings, run once per process.
class Lab : public Workplace {
 public:
  Lab() {
    write_file_atomically(path() / "lab.yaml", kLab);
    result_ = octet({"run", "lab.yaml", "--out", "r", "--json"});
  }
  nlohmann::json json() const {
    EXPECT_EQ(result_.code, 0) << result_.err;
    return nlohmann::json::parse(result_.out);
  }

 private:
  ProcessResult result_;
};

const Lab& lab() {
  static const Lab lab;
  return lab;
}

TEST(NaturalLab, TrainsOneModelForEachVariant) {
  const nlohmann::json json = lab().json();
  EXPECT_EQ(json, nlohmann::json::parse(read_text_file(lab().path() / "r/natural-outliers.json")));
  ASSERT_EQ(json.at("variants").size(), 3u);
  for (const auto& variant : json.at("variants")) {
    const std::string name = variant.at("name");
    const auto report = nlohmann::json::parse(read_text_file(lab().path() / "r" / name / "report.json"));
    EXPECT_EQ(variant.at("perplexity"), report.at("models").at(0).at("perplexity")) << name;
    EXPECT_EQ(variant.at("models").at(0).at("ppl_increase"), report.at("models").at(1).at("ppl_increase")) << name;
    double largest = 0;
    for (const auto& layer : report.at("outliers")) {
      if (layer.at("kind") == "activations") largest = std::max(largest, layer.at("max_over_std").get<double>());
    }
    EXPECT_EQ(variant.at("worst").at("max_over_std").get<double>(), largest) << "as the report of the run has it";
    EXPECT_TRUE(fs::is_regular_file(lab().path() / "r" / variant.at("report").get<std::string>()));
  }
  EXPECT_NE(json.at("variants").at(0).at("perplexity"), json.at("variants").at(1).at("perplexity"));
  EXPECT_NE(json.at("variants").at(0).at("perplexity"), json.at("variants").at(2).at("perplexity"));
  const std::string config = read_text_file(lab().path() / "r/gated/config.yaml");
  EXPECT_THAT(config, testing::HasSubstr("attention_gate: true"));
}

/// What is quantized, generated from and looked at as any model.
TEST(NaturalLab, AModelWithGatesIsAModel) {
  const std::string run = "r/gated";
  const ProcessResult text = lab().octet({"generate", run, "--prompt", "The", "--tokens", "12", "--kv", "int8"});
  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_EQ(lab().octet({"inspect", run}).code, 0);
  expect_refused(lab(), lab().octet({"export", run, "--to", "hf", "--out", "hf"}), 2, {"model.qk_norm"});
  expect_refused(lab(), lab().octet({"export", run, "--to", "gguf", "--out", "m.gguf"}), 2, {"model.qk_norm"});
}

TEST(NaturalLab, ASecondTimeGoesOnWithWhatIsThere) {
  const nlohmann::json before = lab().json();
  const ProcessResult again = lab().octet({"run", "r", "--json"});
  ASSERT_EQ(again.code, 0) << again.err;
  EXPECT_EQ(nlohmann::json::parse(again.out).at("variants"), before.at("variants"));
  EXPECT_THAT(read_text_file(lab().path() / "r/plain/train.log"), testing::HasSubstr("goes on at step 20 of 20"));
}

TEST(NaturalLab, ItsConfigurationIsKnownToOtherVerbs) {
  const Workplace place;
  const auto shown = nlohmann::json::parse(place.octet({"configs", "show", "natural-outliers-lab", "--json"}).out);
  EXPECT_GE(shown.at("variants").size(), 5u);
  expect_refused(place, place.octet({"train", "natural-outliers-lab"}), 2, {"this is a lab of natural outliers"});
  expect_refused(lab(), lab().octet({"run", "tiny.yaml", "--out", "r"}), 2, {"that of a lab of natural outliers"});
}

TEST(NaturalLab, VerbsOfModelsAreToldWhatItsFolderIs) {
  const std::string said =
      "r: this is the folder of a lab of natural outliers, which only octet run and octet configs validate take; other "
      "verbs take the runs in it: r/gated, r/no-decay, r/plain";
  for (const std::vector<std::string>& command : {std::vector<std::string>{"inspect", "r"},
                                                  {"tokens", "r", "text"},
                                                  {"explain", "r"},
                                                  {"compare", "r", "r/plain"},
                                                  {"eval", "r", "--text", "text.txt"},
                                                  {"eval", "r"}}) {
    SCOPED_TRACE(command.front());
    expect_refused(lab(), lab().octet(command), 2, {said});
  }
}

TEST(NaturalLab, RefusesWhatItCannotCompare) {
  const Workplace place;
  write_file_atomically(place.path() / "lab.yaml", kLab);
  const auto refused = [&](const std::string& assignment, const std::vector<std::string>& parts) {
    expect_refused(place, place.octet({"run", "lab.yaml", "--out", "r", assignment}), 2, parts);
    EXPECT_FALSE(fs::exists(place.path() / "r"));
  };
  refused("variants.1.name=plain", {"variants.1.name: expected a name that no other variant"});
  refused("variants.1.name=../x", {"variants.1.name: expected a name of letters"});
  refused("variants.1.set.0=model.gate=true", {"variants.1.set", "gate"});
  refused("variants.1.set.0=eval.max_windows=9", {"variants.1.set: expected keys of model and train", "max_windows"});
  refused("seeds=2", {"seeds: expected 1 in this lab"});
  refused("checkpoint=elsewhere", {"override checkpoint=elsewhere: checkpoint: expected none in this lab"});
  refused("quantize.0.bits=40", {"quantize.0.bits"});
  refused("device=cuda", {"attention_gate"});
}

}  // namespace
}  // namespace octet::sample::natural_cli_test
