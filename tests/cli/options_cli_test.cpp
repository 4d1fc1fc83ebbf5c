#include <nlohmann/json.hpp>

#include "tests/cli/cli_sample.h"

namespace octet::sample::options_cli_test {
namespace {

TEST(Options, OutOfRangeAreRefusedByTheirNames) {
  const Workplace place;
  copy_finished_run(place.path() / "r");
  const std::string best = "r/checkpoints/best";
  const auto generate = [&](const std::string& option, const std::string& value) {
    return place.octet({"generate", best, "--prompt", "The", option, value});
  };
  const std::vector<std::vector<std::string>> numbers = {
      {"--tokens", "-1", "expected an integer from 0"},     {"--tokens", "1e3", "expected an integer from 0"},
      {"--tokens", "99999999999", "expected an integer"},   {"--top-k", "-1", "expected an integer from 0"},
      {"--top-k", "301", "at most the model's vocabulary"}, {"--top-p", "1.5", "expected a number from 0 to 1"},
      {"--top-p", "-0.1", "expected a number from 0 to 1"}, {"--top-p", "nan", "expected a number from 0 to 1"},
      {"--temperature", "-1", "expected a number from 0"},  {"--temperature", "inf", "expected a number from 0"},
      {"--temperature", "1e9", "expected a number from 0"},
  };
  for (const std::vector<std::string>& number : numbers) {
    SCOPED_TRACE(testing::PrintToString(number));
    expect_refused(place, generate(number[0], number[1]), 2, {number[0], number[2]});
  }
  expect_refused(place, place.octet({"bench", "--shape", "width=x"}), 2, {"--shape: ", "width"});
  expect_refused(place,
                 place.octet({"bench", "--shape", "width=64,heads=2,layers=2,hidden=64", "--batch", "65535", "--prompt",
                              "1000000"}),
                 2, {"--batch", "of memory"});
}

TEST(Options, EmptyTextsAreNotTheDefaults) {
  const Workplace place;
  copy_finished_run(place.path() / "r");
  const std::string best = "r/checkpoints/best";
  const std::vector<std::vector<std::string>> commands = {{"train", "tiny.yaml", "--out", ""},
                                                          {"train", ""},
                                                          {"train", "tiny.yaml", "--device", ""},
                                                          {"train", "tiny.yaml", "--math", ""},
                                                          {"generate", best, "--prompt", ""},
                                                          {"generate", "", "--prompt", "x"},
                                                          {"inspect", best, "--tensor", ""},
                                                          {"verify", "r/quantized/int8", "--recipe", ""},
                                                          {"verify", "r/quantized/int8", "--prompt", ""},
                                                          {"bench", "--shape", ""},
                                                          {"bench", best, "--formats", ""},
                                                          {"configs", "show", ""}};
  for (const std::vector<std::string>& command : commands) {
    SCOPED_TRACE(testing::PrintToString(command));
    expect_refused(place, place.octet(command), 2, {});
  }
  EXPECT_FALSE(fs::exists(place.path() / "runs"));
}

/// An option that a verb has no use for would be without effect, and nobody would notice.
TEST(Options, WithoutEffectAreRefused) {
  const Workplace place;
  copy_finished_run(place.path() / "r");
  const auto refused = [&](const std::vector<std::string>& command, const std::string& message) {
    SCOPED_TRACE(testing::PrintToString(command));
    expect_refused(place, place.octet(command), 2, {message});
  };
  refused({"inspect", "r", "--out", "x"}, "octet inspect: expected no --out x");
  refused({"tokens", "r", "text", "--device", "cpu"}, "octet tokens: expected no --device cpu");
  refused({"generate", "r", "--prompt", "a", "--out", "x"}, "octet generate: expected no --out x");
  refused({"quantize", "r", "--seed=3"}, "octet quantize: expected no --seed=3");
  refused({"compare", "r", "r", "--math", "fp32"}, "--math");
  refused({"eval", "r", "--text", "text.txt", "--out", "x"}, "--out: expected none beside --text");
  refused({"generate", "r", "--prompt", "a", "--kv", "f16"}, "--kv: expected one of f32, int8, got \"f16\"");
}

/// Measuring, reading or writing for a while and then finding no place for the result.
TEST(Options, PlacesThatCannotBeWrittenAreFoundBeforeAnyWork) {
  const Workplace place;
  copy_finished_run(place.path() / "r");
  copy_finished_run(place.path() / "other");
  for (const std::vector<std::string>& command : {std::vector<std::string>{"microscope", "--chart", "text.txt/a"},
                                                  {"export", "r", "--to", "hf", "--out", "text.txt/a"},
                                                  {"export", "r", "--to", "gguf", "--out", "text.txt/a"},
                                                  {"import", "r", "--out", "text.txt/a"},
                                                  {"compare", "r", "other", "--out", "text.txt/a"}}) {
    SCOPED_TRACE(testing::PrintToString(command));
    expect_refused(place, place.octet(command), 1,
                   {"expected a folder that can be written", "text.txt: Not a directory"});
  }
}

TEST(Options, TheCommandLineSaysWhatGenerationForgets) {
  const Workplace place;
  copy_finished_run(place.path() / "r");
  const std::vector<std::string> generate = {"generate", "r/checkpoints/best", "--prompt", "The", "--tokens"};
  const auto with = [&](const std::string& tokens) {
    std::vector<std::string> arguments = generate;
    arguments.insert(arguments.end(), {tokens, "--threads", "1"});
    return run_octet(place.path().string(), arguments);
  };
  EXPECT_EQ(with("0").out, "The\n");
  EXPECT_EQ(with("10").err, "");
  const ProcessResult longer = with("100");
  EXPECT_EQ(longer.code, 0);
  EXPECT_THAT(longer.err, testing::StartsWith("note: prompt and text may take"));
}

TEST(Options, ABuiltInNameIsNotHiddenByAFolder) {
  const Workplace place;
  fs::create_directory(place.path() / "tiny");
  const auto validate = [&](const std::string& name) {
    return run_octet(place.path().string(), {"configs", "validate", name, "corpus.path=text.txt", "--threads", "1"});
  };
  const ProcessResult builtin = validate("tiny");
  EXPECT_EQ(builtin.code, 0) << builtin.err;
  EXPECT_THAT(builtin.err, testing::HasSubstr("note: tiny: taken for the built-in configuration"));
  EXPECT_EQ(validate("./tiny").code, 2);
  fs::remove(place.path() / "tiny");
  copy_finished_run(place.path() / "tiny");
  const ProcessResult run = validate("tiny");
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_THAT(run.err, testing::HasSubstr("note: tiny: taken for the run folder"));
}

TEST(Options, JsonIsValidForAnyPath) {
  const Workplace place;
  for (const std::vector<std::string>& verb : std::vector<std::vector<std::string>>{
           {"train", "tiny.yaml", "train.steps=1"}, {"quantize", "tiny.yaml", "train.steps=1"}}) {
    std::vector<std::string> arguments = verb;
    arguments.insert(arguments.end(), {"--out", "r\xff", "--json"});
    const ProcessResult result = place.octet(arguments);
    EXPECT_EQ(result.code, 0) << result.err;
    EXPECT_TRUE(nlohmann::json::accept(result.out)) << result.out;
  }
}

TEST(Options, AFullDeviceIsAnError) {
  const Workplace place;
  for (const char* command : {"--version", "--help", "train --help", "configs show demo", "configs ls"}) {
    EXPECT_EQ(place.shell(std::string("$OCTET ") + command + " >/dev/full").code, 1) << command;
    EXPECT_EQ(place.shell(std::string("$OCTET ") + command).code, 0) << command;
  }
}

TEST(Options, BrokenJsonOfARunIsAnInputError) {
  const Workplace place;
  copy_finished_run(place.path() / "r");
  const auto refuse = [&](const std::string& file, const std::string& text, const std::vector<std::string>& command,
                          const std::string& part) {
    const std::string before = read_text_file(place.path() / file);
    write_file_atomically(place.path() / file, text);
    expect_refused(place, place.octet(command), 3, {file, part});
    write_file_atomically(place.path() / file, before);
  };
  const std::string coverage = "r/quantized/int8/coverage.json";
  refuse(coverage, "{", {"eval", "r"}, "expected a key in quotes or \"}\", found the end of the text");
  refuse(coverage, R"({"tensors": 3, "layer_errors": []})", {"eval", "r"}, "tensors: expected a list");
  refuse(coverage, R"({"tensors": [], "tensors": [], "layer_errors": []})", {"eval", "r"}, "appears twice");
  const auto twice = [&](const std::string& file) {
    return "{\"version\": \"1.0\"," + read_text_file(place.path() / file).substr(1);
  };
  for (const std::string file : {"tokenizer.json", "config.json"}) {
    const std::string path = "r/checkpoints/best/" + file;
    refuse(path, twice(path), {"generate", "r/checkpoints/best", "--prompt", "x"}, "\"version\" appears twice");
  }
  refuse("r/report.json", twice("r/report.json"), {"report", "r"}, "\"version\" appears twice");
}

}  // namespace
}  // namespace octet::sample::options_cli_test
