#include <nlohmann/json.hpp>

#include "tests/cli/cli_sample.h"

namespace octet::sample::usage_cli_test {
namespace {

struct Refusal {
  std::vector<std::string> arguments;
  int code;
  std::vector<std::string> parts;
};

void expect_all_refused(const std::vector<Refusal>& refusals) {
  const Workplace place;
  for (const Refusal& refusal : refusals) {
    SCOPED_TRACE(testing::PrintToString(refusal.arguments));
    expect_refused(place, place.octet(refusal.arguments), refusal.code, refusal.parts);
    EXPECT_FALSE(fs::exists(place.path() / "runs"));
  }
}

TEST(Usage, WrongCommandLinesAreRefusedInOneMessage) {
  expect_all_refused({
      {{"trian", "tiny.yaml"}, 2, {"octet trian", "did you mean \"train\""}},
      {{"configs", "shw"}, 2, {"octet configs shw", "\"show\""}},
      {{"configs", "show", "dmo"}, 2, {"\"demo\""}},
      {{"train"}, 2, {"config is required"}},
      {{"train", "tiny.yaml", "--foo"}, 2, {"--foo"}},
      {{"train", "tiny.yaml", "--seed", "-1"}, 2, {"--seed"}},
      {{"train", "tiny.yaml", "--out=", "train.steps=1"}, 2, {"--out= expected a value"}},
      {{"train", "tiny.yaml", "--device", "tpu"}, 2, {"--device", "tpu"}},
      {{"train", "tiny.yaml", "--math", "fp64"}, 2, {"--math", "fp32, tf32 or bf16", "fp64"}},
      {{"train", "dmo"},
       2,
       {"dmo: expected a YAML file, a run folder or a built-in configuration, found nothing there", "\"demo\""}},
      {{"train", "tiny.yaml", "steps"}, 2, {"override steps", "key.path=value"}},
      {{"train", "tiny.yaml", "--device", "cuda"}, 4, {"cuda"}},
  });
  const Workplace place;
  expect_refused(place, run_octet(place.path().string(), {"train", "tiny.yaml", "--threads", "0"}), 2, {"got 0"});
  expect_refused(place, run_octet(place.path().string(), {"train", "tiny.yaml", "--threads", "1000000"}), 2,
                 {"from 1 to 1024", "got 1000000"});
  expect_refused(place, run_octet(place.path().string(), {}), 2, {"expected a verb"});
  expect_refused(place, place.octet({"train", "tiny.yaml"}, {"OCTET_BACKEND=nonsense"}), 4,
                 {"cpu-generic", "nonsense"});
}

TEST(Usage, AllProblemsOfAFileAreNamedWithTheirLines) {
  const Workplace place;
  write_file_atomically(place.path() / "bad.yaml",
                        "corpus: {path: 3}\nmodel:\n  widht: 3\n  layers: many\n  heads: 2\n  heads: 4\nbogus: 1\n");
  expect_refused(place, place.octet({"train", "bad.yaml"}), 2,
                 {"bad.yaml:3: model.widht", "\"width\"", "bad.yaml:4: model.layers", "\"many\"", "bad.yaml:6",
                  "duplicate", "bad.yaml:7: bogus"});
}

TEST(Usage, ImpossibleModelsAndRecipesAreRefusedBeforeTraining) {
  expect_all_refused({
      {{"run", "tiny.yaml", "model.vocabulary=200"}, 2, {"model.vocabulary", "257", "200"}},
      {{"run", "tiny.yaml", "model.heads=5"}, 2, {"model.heads", "32", "5"}},
      {{"run", "tiny.yaml", "quantize.1.group=0"}, 2, {"quantize.1.group", "0"}},
      {{"run", "tiny.yaml", "quantize.1.keep_fp32=[nothing.*]"},
       2,
       {"quantize.1.keep_fp32.0: the pattern \"nothing.*\"", "embedding"}},
      {{"configs", "validate", "tiny.yaml", "quantize.0.keep_fp16=[nothing.*]"},
       2,
       {"quantize.0.keep_fp16.0: the pattern"}},
      {{"run", "tiny.yaml", "model.context=100000", "train.batch=1"}, 3, {"text.txt", "100000"}},
  });
}

TEST(Usage, BrokenCorporaAreRefused) {
  const Workplace place;
  write_file_atomically(place.path() / "empty.txt", "");
  write_file_atomically(place.path() / "short.txt", grammar_text(14));
  write_file_atomically(place.path() / "binary.txt", grammar_text(100) + std::string(1, '\0'));
  const std::pair<const char*, const char*> cases[] = {
      {"missing.txt", "found nothing there"}, {"empty.txt", "empty"}, {"short.txt", "too"}, {"binary.txt", "NUL byte"}};
  for (const auto& [file, reason] : cases) {
    expect_refused(place, place.octet({"train", "tiny.yaml", std::string("corpus.path=") + file}), 3, {file, reason});
    EXPECT_FALSE(fs::exists(place.path() / "runs"));
  }
}

TEST(Usage, AnOutputFolderThatCannotBeWrittenIsRefused) {
  const Workplace place;
  for (const char* verb : {"run", "train"}) {
    expect_refused(place, place.octet({verb, "tiny.yaml", "--out", "text.txt/a"}), 1,
                   {"text.txt/a", "Not a directory"});
  }
  expect_refused(place, place.octet({"configs", "validate", "tiny.yaml", "--out", "text.txt/a"}), 1, {"text.txt/a"});
  fs::create_symlink("nowhere", place.path() / "dangling");
  expect_refused(place, place.octet({"train", "tiny.yaml", "--out", "dangling"}), 1, {"dangling: Not a directory"});
  if (::geteuid() == 0) return;  // root may write anywhere
  fs::create_directory(place.path() / "locked");
  fs::permissions(place.path() / "locked", fs::perms::owner_read | fs::perms::owner_exec);
  expect_refused(place, place.octet({"train", "tiny.yaml", "--out", "locked/a"}), 1, {"locked", "Permission denied"});
}

TEST(Usage, EveryBuiltInConfigurationIsValid) {
  const Workplace place;
  write_file_atomically(place.path() / "big.txt", grammar_text(12000));
  const auto list = nlohmann::json::parse(place.octet({"configs", "ls", "--json"}).out);
  ASSERT_GE(list.size(), 4u);
  for (const auto& entry : list) {
    const std::string name = entry.at("name");
    const std::string shown = place.octet({"configs", "show", name, "--json"}).out;
    ASSERT_TRUE(nlohmann::json::accept(shown)) << name;
    write_file_atomically(place.path() / "shown.yaml", place.octet({"configs", "show", name}).out);
    std::vector<std::string> command = {"configs", "validate", "shown.yaml", "--json"};
    if (nlohmann::json::parse(shown).contains("corpus")) {  // a lab writes its texts
      command.insert(command.end(), {"corpus.path=big.txt", "model.vocabulary=300"});
    }
    if (nlohmann::json::parse(shown).value("checkpoint", "") != "") {  // there is no such model here
      command.insert(command.end(), {"checkpoint=", "model.context=512"});
    }
    const ProcessResult result = place.octet(command);
    EXPECT_EQ(result.code, 0) << name << ": " << result.err;
    EXPECT_TRUE(nlohmann::json::accept(result.out));
  }
  EXPECT_FALSE(fs::exists(place.path() / "runs"));
}

}  // namespace
}  // namespace octet::sample::usage_cli_test
