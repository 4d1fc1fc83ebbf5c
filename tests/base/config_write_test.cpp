#include <nlohmann/json.hpp>

#include "tests/base/config_sample.h"

namespace octet::config_sample::config_write_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

RunConfig sample() {
  RunConfig config;
  config.name = "true";
  config.bound = std::numeric_limits<double>::infinity();
  config.model.dropout = 0.1;
  config.model.epsilon = 0.1f;
  config.quantize = {{"int8", 8, std::nullopt}, {"int4", 4, 32}};
  config.keep = {"blocks.0.attn", "*.head", "010"};
  config.betas = {0.9, 3e-4};
  return config;
}

TEST(ConfigWrite, YamlIsReadable) {
  EXPECT_EQ(to_yaml(sample()), R"(name: "true"
seed: 1
optimizer: adamw
bound: .inf
model:
  layers: 4
  width: 192
  heads: 6
  dropout: 0.1
  epsilon: 0.1
  tied: true
  arch: llama
quantize:
  - name: int8
    bits: 8
    group: null
  - name: int4
    bits: 4
    group: 32
keep: [blocks.0.attn, "*.head", "010"]
betas: [0.9, 0.0003]
teacher: null
)");
}

TEST(ConfigWrite, YamlReadsBackEqual) {
  EXPECT_THAT(differences(parse(to_yaml(sample())), sample()), IsEmpty());
  RunConfig other = sample();
  other.keep = {};
  other.quantize = {};
  other.teacher = ModelConfig{};
  EXPECT_THAT(differences(parse(to_yaml(other)), other), IsEmpty());
}

TEST(ConfigWrite, YamlKeepsOddTexts) {
  for (const std::string text : {"null",   "~",           "yes",    "1e3",      "0x10",
                                 ".5",     "...",         "---",    "- a",      "a: b",
                                 "a #b",   " a",          "a ",     "'",        "\"",
                                 "\\",     "line\nbreak", "tab\t",  "\x01\x7F", "\u00e9\u4e2d\U0001F600",
                                 "<<",     "&a",          "*a",     "!t",       "%d",
                                 "@",      "`",           "[",      "{",        "a,b",
                                 "\u2028", "\uFEFF",      "\u0085", "C:\\x",    "./x/y.txt"}) {
    RunConfig config;
    config.name = text;
    config.keep = {text, text};
    const std::string yaml = to_yaml(config);
    EXPECT_THAT(differences(parse(yaml), config), IsEmpty()) << yaml;
  }
}

TEST(ConfigWrite, JsonHasTypesAndShortNumbers) {
  EXPECT_EQ(to_json(sample()).dump(),
            R"({"betas":[0.9,0.0003],"bound":".inf","keep":["blocks.0.attn","*.head","010"],)"
            R"("model":{"arch":"llama","dropout":0.1,"epsilon":0.1,"heads":6,"layers":4,"tied":true,)"
            R"("width":192},"name":"true","optimizer":"adamw","quantize":[{"bits":8,"group":null,)"
            R"("name":"int8"},{"bits":4,"group":32,"name":"int4"}],"seed":1,"teacher":null})");
}

TEST(ConfigWrite, JsonReadsBackEqual) {
  EXPECT_THAT(differences(from_json<RunConfig>(to_json(sample()), "c.json"), sample()), IsEmpty());
  // Written to a file, it is read by the YAML reader too.
  EXPECT_THAT(differences(parse(to_json(sample()).dump(2)), sample()), IsEmpty());
}

TEST(ConfigWrite, JsonErrorsNameFileAndPath) {
  const auto problem_in = [](const char* text) {
    return message_of([&] { from_json<RunConfig>(nlohmann::json::parse(text), "c.json"); });
  };
  EXPECT_EQ(problem_in(R"({"model": {"layers": "4", "dropout": 2}})"),
            "c.json: model.layers: expected an integer of at least 1, got the quoted text \"4\"\n"
            "c.json: model.dropout: expected a number from 0 to 1, got 2");
  EXPECT_THAT(problem_in(R"({"model": {"layer": 4}})"),
              HasSubstr("c.json: model.layer: unknown key, did you mean \"layers\"?"));
  EXPECT_EQ(problem_in((std::string(100'000, '[') + std::string(100'000, ']')).c_str()),
            "c.json: nested deeper than 64 levels");
  EXPECT_EQ(problem_in("[]"), "c.json: expected a map of keys, got a list");
}

TEST(ConfigWrite, DifferencesNameThePath) {
  RunConfig a = sample(), b = sample();
  EXPECT_THAT(differences(a, b), IsEmpty());
  b.model.layers = 6;
  b.quantize.pop_back();
  b.keep.push_back("x");
  b.teacher = ModelConfig{};
  EXPECT_THAT(
      differences(a, b),
      ElementsAre("model.layers: 4 -> 6", "quantize.1.name: int4 -> (absent)", "quantize.1.bits: 4 -> (absent)",
                  "quantize.1.group: 32 -> (absent)", "teacher: null -> (absent)", "keep.3: (absent) -> x",
                  "teacher.layers: (absent) -> 4", "teacher.width: (absent) -> 192", "teacher.heads: (absent) -> 6",
                  "teacher.dropout: (absent) -> 0", "teacher.epsilon: (absent) -> 1e-05",
                  "teacher.tied: (absent) -> true", "teacher.arch: (absent) -> llama"));
}

}  // namespace
}  // namespace octet::config_sample::config_write_test
