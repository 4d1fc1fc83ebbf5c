#include "tests/base/config_sample.h"

namespace octet::config_sample::config_override_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

TEST(ConfigOverride, SetsValuesAnywhere) {
  const RunConfig config = parse("quantize: [{name: a}, {name: b}]\nteacher: {layers: 3}\n",
                                 {"seed=7", "model.arch=gpt2", "quantize.1.bits=4", "quantize.1.group=16",
                                  "teacher.tied=false", "betas.0=0.25", "keep=[x, \"y: z\"]", "model.dropout=1e-1"});
  EXPECT_EQ(config.seed, 7u);
  EXPECT_EQ(config.model.arch, Architecture::gpt2);
  EXPECT_EQ(config.model.dropout, 0.1);
  EXPECT_EQ(config.quantize[0].bits, 8);
  EXPECT_EQ(config.quantize[1].bits, 4);
  EXPECT_EQ(config.quantize[1].group, 16);
  EXPECT_EQ(config.teacher->layers, 3);
  EXPECT_FALSE(config.teacher->tied);
  EXPECT_THAT(config.betas, ElementsAre(0.25, 0.95));
  EXPECT_THAT(config.keep, ElementsAre("x", "y: z"));
}

TEST(ConfigOverride, TakesTextsAsTheyStand) {
  EXPECT_EQ(parse("", {"name=a: [b] #c = d"}).name, "a: [b] #c = d");
  EXPECT_EQ(parse("", {"name=null"}).name, "null");
  EXPECT_EQ(parse("", {"name=\"q\""}).name, "\"q\"");
  EXPECT_EQ(parse("", {"keep.0="}).keep[0], "");
}

TEST(ConfigOverride, LaterOnesWin) {
  EXPECT_EQ(parse("seed: 1", {"seed=2", "seed=3"}).seed, 3u);
}

TEST(ConfigOverride, ReplacesListsAndMergesMaps) {
  const RunConfig config = parse("model: {layers: 2, width: 96}\nquantize: [{name: a}]\n",
                                 {"model={layers: 3}", "quantize=[{name: b, bits: 3}, {name: c}]"});
  EXPECT_EQ(config.model.layers, 3);
  EXPECT_EQ(config.model.width, 96);
  ASSERT_EQ(config.quantize.size(), 2u);
  EXPECT_EQ(config.quantize[0].bits, 3);
}

TEST(ConfigOverride, FillsAndEmptiesOptionals) {
  EXPECT_EQ(parse("", {"teacher.layers=2"}).teacher->layers, 2);
  EXPECT_FALSE(parse("teacher: {layers: 2}", {"teacher=null"}).teacher);
  EXPECT_EQ(parse("quantize: [{name: a, group: 16}]", {"quantize.0.group=null"}).quantize[0].group, std::nullopt);
}

TEST(ConfigOverride, GivesRequiredKeys) {
  EXPECT_EQ(parse("quantize: [{bits: 4}]", {"quantize.0.name=a"}).quantize[0].name, "a");
  EXPECT_EQ(problem("quantize: [{name: a}]", {"quantize=[{bits: 4}]"}),
            "override quantize=[{bits: 4}]: quantize.0.name: required key is missing, expected a text");
}

TEST(ConfigOverride, RefusesBadPathsAndValues) {
  EXPECT_EQ(problem("", {"seed"}), "override seed: expected key.path=value");
  EXPECT_EQ(problem("", {"=3"}), "override =3: expected key.path=value");
  EXPECT_THAT(problem("", {"model.layrs=3"}),
              StartsWith("override model.layrs=3: model.layrs: unknown key, did you mean \"layers\"?"));
  EXPECT_THAT(problem("", {"modle.layers=3"}),
              StartsWith("override modle.layers=3: modle: unknown key, did you mean \"model\"?"));
  EXPECT_THAT(problem("", {"model..layers=3"}), HasSubstr("model.: unknown key (known:"));
  EXPECT_EQ(problem("", {"seed.x=3"}),
            "override seed.x=3: seed.x: seed has no keys inside: it is an integer of at least 0");
  EXPECT_EQ(problem("", {"betas.2=0.5"}),
            "override betas.2=0.5: betas.2: expected the index of one of 2 elements, counted from 0");
  EXPECT_THAT(problem("", {"betas.-1=0.5"}), HasSubstr("expected the index of one of 2 elements"));
  EXPECT_EQ(problem("", {"seed=x"}), "override seed=x: seed: expected an integer of at least 0, got \"x\"");
  EXPECT_EQ(problem("", {"model.layers=0"}),
            "override model.layers=0: model.layers: expected an integer of at least 1, got 0");
  EXPECT_EQ(problem("", {"keep=a"}), "override keep=a: keep: expected a list, got \"a\"");
  EXPECT_THAT(problem("", {"keep=[a"}), StartsWith("override keep=[a:1: YAML syntax: "));
  EXPECT_EQ(problem("", {"name=\xFF"}),
            "override name=\xFF: name: expected a text that is not empty, got \"\uFFFD\" (not UTF-8)");
}

TEST(ConfigOverride, ChecksConfigurationsBuiltInCode) {
  RunConfig config;
  config.quantize.push_back({"a", 8, std::nullopt});
  override_and_check(config, "defaults", {"quantize.0.bits=2"});
  EXPECT_EQ(config.quantize[0].bits, 2);
  config.model.layers = -1;
  EXPECT_EQ(message_of([&] { override_and_check(config, "defaults"); }),
            "defaults: model.layers: expected an integer of at least 1, got -1");
}

}  // namespace
}  // namespace octet::config_sample::config_override_test
