#include <filesystem>
#include <fstream>

#include "tests/base/config_sample.h"

namespace octet::config_sample::config_read_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

TEST(ConfigRead, FillsEveryKindOfField) {
  const RunConfig config = parse(R"(
name: demo # a comment
seed: 18446744073709551615
bound: 2.5
model:
  layers: 1e3
  width: 1536
  dropout: 1e-1
  epsilon: 1.5e-6
  tied: false
  arch: gpt2
quantize:
  - name: int4
    bits: 4
    group: 32
  - {name: "int8"}
keep: [wte, "blocks.*", 'a "b"']
betas:
  - 0.5
teacher:
  layers: 2
)");
  EXPECT_EQ(config.name, "demo");
  EXPECT_EQ(config.seed, 18446744073709551615u);
  EXPECT_EQ(config.bound, 2.5);
  EXPECT_EQ(config.model.layers, 1000);
  EXPECT_EQ(config.model.heads, 6);
  EXPECT_EQ(config.model.dropout, 0.1);
  EXPECT_EQ(config.model.epsilon, 1.5e-6f);
  EXPECT_FALSE(config.model.tied);
  EXPECT_EQ(config.model.arch, Architecture::gpt2);
  ASSERT_EQ(config.quantize.size(), 2u);
  EXPECT_EQ(config.quantize[0].name, "int4");
  EXPECT_EQ(config.quantize[0].bits, 4);
  EXPECT_EQ(config.quantize[0].group, 32);
  EXPECT_EQ(config.quantize[1].name, "int8");
  EXPECT_EQ(config.quantize[1].bits, 8);
  EXPECT_EQ(config.quantize[1].group, std::nullopt);
  EXPECT_THAT(config.keep, ElementsAre("wte", "blocks.*", "a \"b\""));
  EXPECT_THAT(config.betas, ElementsAre(0.5));
  ASSERT_TRUE(config.teacher);
  EXPECT_EQ(config.teacher->layers, 2);
  EXPECT_EQ(config.teacher->width, 192);
}

TEST(ConfigRead, EmptyTextsLeaveTheDefaults) {
  for (const char* text : {"", "\n", "# only a comment\n", "---\n", "model:\n  # layers: 2\n", "{}"}) {
    EXPECT_TRUE(differences(parse(text), RunConfig{}).empty()) << text;
  }
}

TEST(ConfigRead, ReadsJsonTextWithTheSameParser) {
  EXPECT_EQ(parse("{\"model\": {\"layers\": 7,\n\t\"arch\": \"gpt2\"}}").model.layers, 7);
}

TEST(ConfigRead, ReportsAllProblemsAtOnce) {
  const std::string message = problem(
      "name: ''\n"
      "model:\n"
      "  layrs: 2\n"
      "  dropout: abc\n"
      "  layers: 0\n"
      "quantize: 4\n",
      {"model.width=-1", "sed=4", "seed"});
  EXPECT_EQ(message,
            "t.yaml:3: model.layrs: unknown key, did you mean \"layers\"? (known: layers, width, "
            "heads, dropout, epsilon, tied, arch)\n"
            "t.yaml:4: model.dropout: expected a number from 0 to 1, got \"abc\"\n"
            "t.yaml:6: quantize: expected a list, got \"4\"\n"
            "override sed=4: sed: unknown key, did you mean \"seed\"? (known: name, seed, "
            "optimizer, bound, model, quantize, keep, betas, teacher)\n"
            "override seed: expected key.path=value\n"
            "t.yaml:1: name: expected a text that is not empty, got \"\"\n"
            "t.yaml:5: model.layers: expected an integer of at least 1, got 0\n"
            "override model.width=-1: model.width: expected an integer above 0, got -1");
}

TEST(ConfigRead, SuggestsOnlyCloseNames) {
  EXPECT_THAT(problem("frobnicate: 1"), StartsWith("t.yaml:1: frobnicate: unknown key (known: name,"));
  EXPECT_THAT(problem("model: {arch: lama}"), HasSubstr("model.arch: expected one of gpt2, llama, got \"lama\""));
}

TEST(ConfigRead, SuggestsTheStructThatHasTheKey) {
  EXPECT_THAT(problem("layers: 2"),
              StartsWith("t.yaml:1: layers: unknown key, did you mean \"model.layers\"? (known:"));
  EXPECT_THAT(problem("", {"arch=gpt2"}),
              StartsWith("override arch=gpt2: arch: unknown key, did you mean \"model.arch\"?"));
}

TEST(ConfigRead, QuotesOddTextsOnOneShortLine) {
  const std::string text = std::string(59, 'x') + "\u00e9\u00e9";
  EXPECT_EQ(problem("seed: " + text),
            "t.yaml:1: seed: expected an integer of at least 0, got \"" + std::string(59, 'x') + "...\"");
  EXPECT_EQ(problem("seed: \"a\\nb\""),
            "t.yaml:1: seed: expected an integer of at least 0, got the quoted text \"a b\"");
}

TEST(ConfigRead, RefusesDuplicateKeys) {
  EXPECT_EQ(problem("model:\n  layers: 1\n  width: 8\n  layers: 2\n"),
            "t.yaml:4: model.layers: duplicate key, first given on line 2");
  EXPECT_EQ(problem("{seed: 1, seed: 1}"), "t.yaml:1: seed: duplicate key, first given on line 1");
}

TEST(ConfigRead, RefusesMergeKeys) {
  EXPECT_EQ(problem("model: &m {layers: 2}\nteacher:\n  <<: *m\n"),
            "t.yaml:3: teacher.<<: merge keys are not supported, write the keys out");
}

TEST(ConfigRead, RefusesWrongKindsOfNodes) {
  EXPECT_EQ(problem("- a\n- b\n"), "t.yaml:1: expected a map of keys, got a list");
  EXPECT_EQ(problem("hello"), "t.yaml:1: expected a map of keys, got \"hello\"");
  EXPECT_EQ(problem("model: [1]"), "t.yaml:1: model: expected a map of keys, got a list");
  EXPECT_EQ(problem("seed: {a: 1}"), "t.yaml:1: seed: expected an integer of at least 0, got a map");
  EXPECT_EQ(problem("seed:"), "t.yaml:1: seed: expected an integer of at least 0, got nothing");
  EXPECT_EQ(problem("name: ~"), "t.yaml:1: name: expected a text that is not empty, got nothing");
  EXPECT_EQ(problem("keep:"), "t.yaml:1: keep: expected a list, got nothing (write [] for an empty list)");
  EXPECT_EQ(problem("keep:\n- a\n- [b]"), "t.yaml:3: keep.1: expected a text, got a list");
  EXPECT_EQ(problem("quantize:\n- name: a\n- 3"), "t.yaml:3: quantize.1: expected a map of keys, got \"3\"");
}

TEST(ConfigRead, RefusesIllTypedScalars) {
  EXPECT_EQ(problem("model: {tied: yes}"), "t.yaml:1: model.tied: expected true or false, got \"yes\"");
  EXPECT_EQ(problem("model: {layers: \"4\"}"),
            "t.yaml:1: model.layers: expected an integer of at least 1, got the quoted text \"4\"");
  EXPECT_EQ(problem("model: {layers: 010}"),
            "t.yaml:1: model.layers: expected an integer of at least 1, got \"010\" (a leading zero is "
            "ambiguous)");
  EXPECT_EQ(problem("model: {layers: 2.5}"),
            "t.yaml:1: model.layers: expected an integer of at least 1, got \"2.5\" (not a whole number)");
  EXPECT_EQ(problem("seed: -1"),
            "t.yaml:1: seed: expected an integer of at least 0, got \"-1\" (outside 0 to "
            "18446744073709551615)");
}

TEST(ConfigRead, RefusesNonFiniteNumbersUnlessAllowed) {
  EXPECT_EQ(problem("model: {epsilon: .nan}"), "t.yaml:1: model.epsilon: expected a number, got \".nan\"");
  EXPECT_EQ(problem("model: {dropout: .inf}"), "t.yaml:1: model.dropout: expected a number from 0 to 1, got \".inf\"");
  EXPECT_EQ(parse("bound: -.inf").bound, -std::numeric_limits<double>::infinity());
}

TEST(ConfigRead, AppliesRulesToElementsAndOptionals) {
  EXPECT_EQ(problem("betas:\n- 0.5\n- 1.5\n"), "t.yaml:3: betas.1: expected a number from 0 to 1, got 1.5");
  EXPECT_EQ(problem("betas: []"), "t.yaml:1: betas: expected a list that is not empty, got []");
  EXPECT_EQ(problem("quantize:\n- name: a\n  group: 4"),
            "t.yaml:3: quantize.0.group: expected an integer of at least 8, got 4");
  EXPECT_EQ(problem("quantize:\n- name: a\n  bits: 5"), "t.yaml:3: quantize.0.bits: expected one of 2, 3, 4, 8, got 5");
  EXPECT_EQ(problem("optimizer: sgd"), "t.yaml:1: optimizer: expected one of adamw, muon, got \"sgd\"");
  EXPECT_EQ(parse("quantize: [{name: a, group: null}]").quantize[0].group, std::nullopt);
}

TEST(ConfigRead, ReportsMissingRequiredKeys) {
  EXPECT_EQ(problem("seed: 2\nquantize:\n- name: a\n- bits: 4\n"),
            "t.yaml:4: quantize.1.name: required key is missing, expected a text");
  EXPECT_EQ(message_of([] { parse_config<Recipe>("bits: 4", "r.yaml"); }),
            "r.yaml: name: required key is missing, expected a text");
}

TEST(ConfigRead, DefaultsLackNoKeys) {
  // recipes.0.name is required of a text, but here the list comes from C++.
  EXPECT_EQ(parse_config<Defaults>("", "d.yaml").recipes[0].bits, 4);
  EXPECT_EQ(message_of([] { parse_config<Defaults>("extra: {}\nrecipes: [{}]", "d.yaml"); }),
            "d.yaml:2: recipes.0.name: required key is missing, expected a text\n"
            "d.yaml:1: extra.name: required key is missing, expected a text");
}

TEST(ConfigRead, ListsReplaceTheDefaultElements) {
  const Defaults config = parse_config<Defaults>("recipes: [{name: a}]", "d.yaml");
  ASSERT_EQ(config.recipes.size(), 1u);
  EXPECT_EQ(config.recipes[0].bits, 8);
  EXPECT_EQ(config.recipes[0].group, std::nullopt);
}

TEST(ConfigRead, ProblemsOfOneElementDoNotHideThoseOfAnother) {
  std::string text = "models:\n- {}\n- {heads: 5}\n";
  for (int i = 2; i < 10; ++i) text += "- {}\n";
  text += "- {layers: x}\n";
  EXPECT_EQ(message_of([&] { parse_config<Defaults>(text, "d.yaml"); }),
            "d.yaml:12: models.10.layers: expected an integer of at least 1, got \"x\"\n"
            "d.yaml:3: models.1.heads: expected a divisor of the width 192, got 5");
}

TEST(ConfigRead, LimitsAreInclusiveExceptForPositive) {
  EXPECT_EQ(problem("model: {width: 0}"), "t.yaml:1: model.width: expected an integer above 0, got 0");
  EXPECT_EQ(parse("model: {layers: 1, dropout: 1, heads: 64}").model.dropout, 1);
  EXPECT_EQ(parse("model: {dropout: 0, heads: 1}").model.heads, 1);
}

TEST(ConfigRead, RunsValidateWithPathsAndLines) {
  EXPECT_EQ(problem("model:\n  width: 100\n  layers: 101\nteacher:\n  heads: 5\n"),
            "t.yaml:1: model.heads: expected a divisor of the width 100, got 6\n"
            "t.yaml:1: model: more layers than columns\n"
            "t.yaml:5: teacher.heads: expected a divisor of the width 192, got 5");
}

TEST(ConfigRead, ValidateDoesNotRunOnBrokenValues) {
  // heads 0 would divide by zero in validate().
  EXPECT_EQ(problem("model:\n  heads: 0\n"), "t.yaml:2: model.heads: expected an integer from 1 to 64, got 0");
}

TEST(ConfigRead, ReportsSyntaxErrorsWithTheirLine) {
  EXPECT_THAT(problem("seed: 1\nkeep: [a, b\nname: x\n"), StartsWith("t.yaml:3: YAML syntax: "));
  EXPECT_THAT(problem("seed: 1\n  name: x\n"), StartsWith("t.yaml:2: YAML syntax: "));
  EXPECT_THAT(problem("seed: 1\n\tname: x\n"), StartsWith("t.yaml:2: YAML syntax: "));
  EXPECT_THAT(problem("name: \"open"), StartsWith("t.yaml:1: YAML syntax: "));
  EXPECT_THAT(problem("name: *nobody"), StartsWith("t.yaml:1: YAML syntax: "));
  // What was expected, in words that are not the parser's.
  for (const char* text : {"seed: 1\n  name: x\n", "name: a: b\n", "keep: [a\nname: x\n", "keep: a]\n", "model: {a\n",
                           "name: *nobody", "name: &\n", "name: \"\\q\"", "name: @\n", "a: |x\n", "- a\n b: c\n",
                           "name: x\n- a\n", "name: &a *b\n", "%\n", "a: b\n c: d\n"}) {
    const std::string message = problem(text);
    EXPECT_THAT(message,
                testing::AnyOf(HasSubstr("expected "), HasSubstr("this is no YAML"), HasSubstr("not supported")))
        << text;
    EXPECT_THAT(message, testing::Not(HasSubstr("illegal"))) << text;
  }
}

TEST(ConfigRead, RefusesWhatAConfigurationNeverNeeds) {
  EXPECT_EQ(problem("seed: 1\n---\nseed: 2\n"), "t.yaml:2: expected one YAML document, found a second");
  EXPECT_EQ(problem("seed: !!int 1"), "t.yaml:1: YAML tags are not supported, got tag:yaml.org,2002:int");
  EXPECT_EQ(problem("[a, b]: 1"), "t.yaml:1: expected a name as the key of a map");
  EXPECT_EQ(problem("~: 1"), "t.yaml:1: expected a name as the key of a map");
  EXPECT_EQ(problem(std::string("seed: 1\n\x04name: x", 16)),
            "t.yaml:2: expected text, found the control character U+0004");
  EXPECT_EQ(problem("name: \xE9t\xE9"), "t.yaml:1: expected UTF-8 text");
}

TEST(ConfigRead, ExpandsAliases) {
  const RunConfig config = parse("model: &m {layers: 9}\nteacher: *m\nkeep: [&k ab, *k]\n");
  EXPECT_EQ(config.teacher->layers, 9);
  EXPECT_THAT(config.keep, ElementsAre("ab", "ab"));
  EXPECT_EQ(problem("model: {layers: 9}\nteacher: &m {layers: *n}\n").substr(0, 22), "t.yaml:2: YAML syntax:");
  EXPECT_EQ(problem("keep: &k [*k]"), "t.yaml:1: an alias stands inside the value it names");
}

TEST(ConfigRead, SurvivesBombs) {
  std::string laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    laughs += fmt::format("a{}: &a{} [", i, i);
    for (int j = 0; j < 10; ++j) laughs += fmt::format("{}*a{}", j > 0 ? ", " : "", i - 1);
    laughs += "]\n";
  }
  EXPECT_THAT(problem(laughs), HasSubstr("more than 100000 values"));

  for (const char* opening : {"[", "{a: ", "- ", "? "}) {
    std::string deep;
    for (int i = 0; i < 20'000; ++i) deep += opening;
    EXPECT_THAT(problem(deep), HasSubstr("nested deeper than 64 levels")) << opening;
  }
}

TEST(ConfigRead, LimitsTheLengthOfTheMessage) {
  std::string text;
  for (int i = 0; i < 60; ++i) text += fmt::format("unknown{}: 1\n", i);
  EXPECT_THAT(problem(text), testing::EndsWith("\n... and 10 more problems"));
}

TEST(ConfigRead, ReadsFilesAndNamesThem) {
  const std::string path = testing::TempDir() + "config_read_test.yaml";
  std::ofstream(path) << "seed: 3\nsede: 4\n";
  EXPECT_THAT(message_of([&] { read_config<RunConfig>(path); }),
              StartsWith(path + ":2: sede: unknown key, did you mean \"seed\"?"));
  std::ofstream(path) << "seed: 3\n";
  EXPECT_EQ(read_config<RunConfig>(path, {"seed=5"}).seed, 5u);
  std::filesystem::remove(path);

  EXPECT_THAT(message_of([&] { read_config<RunConfig>(path); }),
              testing::AllOf(StartsWith(path + ": "), HasSubstr("No such file")));
  EXPECT_THAT(message_of([] { read_config<RunConfig>(testing::TempDir()); }), HasSubstr("Is a directory"));
}

}  // namespace
}  // namespace octet::config_sample::config_read_test
