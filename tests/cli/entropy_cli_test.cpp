#include <cmath>
#include <nlohmann/json.hpp>

#include "tests/cli/cli_sample.h"

namespace octet::sample::entropy_cli_test {
namespace {

const std::string kLab = R"(name: lab
symbols: 20000
sources:
  - {name: chain, kind: markov, alphabet: 4, order: 1}
  - {name: words, kind: grammar, rules: [{name: s, text: "a <n>"}, {name: n, weight: 3, text: "cat"}, {name: n, text: "cow"}]}
model: {context: 16, width: 16, layers: 1, heads: 1, hidden: 32}
train: {steps: 60, batch: 16, eval_every: 20, save_every: 20, eval_tokens: 1024}
quantize: [{name: int4, bits: 4, granularity: per_group, group: 16}]
eval: {stride: 8, max_windows: 60, speed: {repetitions: 1, decode_tokens: 8}, bootstrap: {resamples: 100}, prompts: [a]}
)";

/// A lab of two sources, run once per process.
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

std::string weights(const char* source) {
  return read_text_file(lab().path() / "r" / source / "checkpoints/last/model.safetensors");
}

TEST(EntropyLab, WritesTheLossesOfEveryModelAboveTheTrueEntropy) {
  const nlohmann::json json = lab().json();
  EXPECT_EQ(json, nlohmann::json::parse(read_text_file(lab().path() / "r/entropy.json")));
  ASSERT_EQ(json.at("sources").size(), 2u);
  for (const auto& source : json.at("sources")) {
    const std::string name = source.at("name");
    EXPECT_EQ(source.at("symbols"), 20000);
    ASSERT_EQ(source.at("models").size(), 2u);
    const double truth = source.at("true_entropy_nats"), text = source.at("text_nats");
    constexpr double kLuck = 0.25;  // of some 480 symbols: four standard deviations of at most 1.3 / 22
    EXPECT_NEAR(text, truth, kLuck);
    const auto report = nlohmann::json::parse(read_text_file(lab().path() / "r" / name / "report.json"));
    double kl = 0;
    for (std::size_t i = 0; i < 2; ++i) {
      const auto& model = source.at("models").at(i);
      const double nll = model.at("nll");
      EXPECT_EQ(nll, report.at("models").at(i).at("nll").get<double>());
      EXPECT_EQ(model.at("excess_nats").get<double>(), nll - truth);
      EXPECT_GT(model.at("kl_nats").get<double>(), 0);
      if (i == 0) kl = model.at("kl_nats");
      EXPECT_EQ(model.at("model_nats").get<double>(), kl);
    }
    EXPECT_LT(kl, 2.5) << "nothing was learnt: a model of random weights loses more than 4";
  }
  // a cat, a cow: the one choice of a sentence of six symbols.
  const double choice = -(0.75 * std::log(0.75) + 0.25 * std::log(0.25));
  EXPECT_NEAR(json.at("sources").at(1).at("true_entropy_nats").get<double>(), choice / 6, 1e-12);
  for (const char* file : {"config.yaml", "entropy.md", "entropy.html", "sources/chain.txt", "chain/report.html"}) {
    EXPECT_TRUE(fs::is_regular_file(lab().path() / "r" / file)) << file;
  }
}

TEST(EntropyLab, ASecondTimeGoesOnWithWhatIsThere) {
  nlohmann::json before = lab().json();
  const std::string trained = weights("words");
  const ProcessResult again = lab().octet({"run", "r", "--json"});
  ASSERT_EQ(again.code, 0) << again.err;
  EXPECT_EQ(nlohmann::json::parse(again.out).at("sources"), before.at("sources"));
  EXPECT_TRUE(weights("words") == trained);
  EXPECT_THAT(read_text_file(lab().path() / "r/words/train.log"), testing::HasSubstr("goes on at step 60 of 60"));
}

TEST(EntropyLab, ItsConfigurationIsKnownToOtherVerbs) {
  const Workplace place;
  EXPECT_EQ(place.octet({"configs", "validate", "entropy-lab"}).out, "entropy-lab: valid\n");
  const auto shown = nlohmann::json::parse(place.octet({"configs", "show", "entropy-lab", "--json"}).out);
  EXPECT_EQ(shown.at("sources").size(), 3u);
  expect_refused(place, place.octet({"train", "entropy-lab"}), 2, {"entropy-lab: this is an entropy lab", "octet run"});
}

TEST(EntropyLab, FoldersOfLabsAndOfRunsAreNotMixed) {
  const Lab& place = lab();
  expect_refused(place, place.octet({"run", "lab.yaml", "--out", "r/chain"}), 2,
                 {"r/chain: expected", "that of a run"});
  expect_refused(place, place.octet({"run", "tiny.yaml", "--out", "r"}), 2, {"r: expected", "that of an entropy lab"});
  expect_refused(place, place.octet({"generate", "r", "--prompt", "a"}), 2,
                 {"r: this is the folder of an entropy lab", "the runs in it: r/chain, r/words"});
}

TEST(EntropyLab, RefusesWhatItCannotMeasure) {
  const Workplace place;
  write_file_atomically(place.path() / "lab.yaml", kLab);
  const auto refused = [&](const std::string& assignment, const std::vector<std::string>& parts) {
    expect_refused(place, place.octet({"run", "lab.yaml", "--out", "r", assignment}), 2, parts);
    EXPECT_FALSE(fs::exists(place.path() / "r"));
  };
  refused("symbols=1000", {"symbols: expected at least 1088", "got 1000"});
  refused("sources.0.kind=markof", {"sources.0.kind: expected one of markov", "markof"});
  refused("sources.1.rules.1.weight=0", {"sources.1.rules.1.weight: expected a number"});
  refused("sources.1.rules.1.text=<m>", {"sources.1.rules: no rule has the name \"m\""});
  refused("sources.1.rules.1.text=cow", {"sources.1.rules: expected a grammar with one derivation"});
  refused("sources.0.order=8", {"sources.0.order: expected at most 1024 states"});
  refused("sources.1.name=chain", {"sources.1.name: expected a name that no other source"});
  refused("sources.1.name=../x", {"sources.1.name: expected a name of letters"});
  refused("model.vocabulary=300", {"model.vocabulary: expected 257"});
  refused("quantize.0.bits=40", {"quantize.0.bits"});
  refused("symbls=5", {"symbls", "did you mean \"symbols\"?"});
}

}  // namespace
}  // namespace octet::sample::entropy_cli_test
