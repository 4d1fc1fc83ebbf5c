#include <nlohmann/json.hpp>

#include "tests/cli/cli_sample.h"

namespace octet::sample::import_cli_test {
namespace {

const fs::path kSources = OCTET_SOURCE_DIR "/tests/golden/import";

std::string source(const char* name) {
  return (kSources / name).string();
}

/// Of the letters that the golden tokenizer knows.
std::string letters(int words) {
  std::string text;
  for (int i = 0; i < words; ++i) text += std::string(i == 0 ? "" : " ") + "abc" + static_cast<char>('a' + i * 7 % 17);
  return text;
}

TEST(Import, OneModelFromTwoProgramsIsTheSameFiles) {
  const Workplace place;
  ASSERT_EQ(place.octet({"import", source("llama"), "--out", "new/hf"}).code, 0);
  ASSERT_EQ(place.octet({"import", source("llama.gguf"), "--out", "gguf"}).code, 0);
  for (const char* file : {"config.json", "model.safetensors", "tokenizer.json"}) {
    EXPECT_EQ(read_text_file(place.path() / "new/hf" / file), read_text_file(place.path() / "gguf" / file)) << file;
  }
  EXPECT_EQ(place.octet({"generate", "gguf", "--prompt", "abc", "--tokens", "4", "--top-k", "0"}).code, 0);
  EXPECT_EQ(place.octet({"inspect", "gguf"}).code, 0);
}

TEST(Import, ReadsAModelInPartsAndSaysWhichIsMissing) {
  const Workplace place;
  const fs::path parts = kSources.parent_path() / "parts";
  ASSERT_EQ(place.octet({"import", source("llama"), "--out", "whole"}).code, 0);
  ASSERT_EQ(place.octet({"import", (parts / "llama-00003-of-00003.gguf").string(), "--out", "parts"}).code, 0);
  EXPECT_EQ(read_text_file(place.path() / "parts/model.safetensors"),
            read_text_file(place.path() / "whole/model.safetensors"));
  fs::copy(parts / "llama-00001-of-00003.gguf", place.path());
  expect_refused(place, place.octet({"import", "llama-00001-of-00003.gguf", "--out", "m"}), 3,
                 {"llama-00002-of-00003.gguf", "expected part 2 of 3"});
  EXPECT_FALSE(fs::exists(place.path() / "m"));
}

TEST(Import, SaysInJsonWhatWasRead) {
  const Workplace place;
  const ProcessResult result = place.octet({"import", source("gpt2.gguf"), "--out", "m", "--json"});
  ASSERT_EQ(result.code, 0) << result.err;
  const auto json = nlohmann::json::parse(result.out);
  EXPECT_EQ(json["model"]["architecture"], "gpt2");
  EXPECT_EQ(json["tensors"].size(), 28u);
  EXPECT_EQ(json["tensors"][0]["from"], "F32");
  EXPECT_EQ(json["notes"].size(), 1u);  // bytes without a token
}

TEST(Import, RefusesWhatItCannotReadOrShouldNotReplace) {
  const Workplace place;
  fs::copy(kSources / "gpt2", place.path() / "foreign");
  fs::create_directory(place.path() / "other");
  write_file_atomically(place.path() / "other/letter.txt", "mine");
  expect_refused(place, place.octet({"import", source("gpt2")}), 2, {"--out FOLDER"});
  expect_refused(place, place.octet({"import", "--out", "m"}), 2, {"source is required"});
  expect_refused(place, place.octet({"import", "nowhere", "--out", "m"}), 3, {"nowhere: expected a folder"});
  expect_refused(place, place.octet({"import", "text.txt", "--out", "m"}), 3, {"text.txt", "GGUF"});
  expect_refused(place, place.octet({"import", "foreign", "--out", "foreign"}), 2, {"another place than the source"});
  expect_refused(place, place.octet({"import", source("llama"), "--out", "foreign"}), 2, {"--out", "foreign"});
  expect_refused(place, place.octet({"import", source("llama"), "--out", "other"}), 2, {"--out", "letter.txt"});
  expect_refused(place, place.octet({"import", source("llama"), "--out", "text.txt"}), 2,
                 {"--out", "got the file text.txt"});
  expect_refused(place, place.octet({"import", source("llama"), "--out", "m", "--half", "--fp32"}), 2, {"--half"});
  expect_refused(place, place.octet({"import", "foreign/model.safetensors", "--out", "m"}), 3, {"a folder: name that"});
  EXPECT_EQ(read_text_file(place.path() / "foreign/config.json"), read_text_file(kSources / "gpt2/config.json"));
  EXPECT_FALSE(fs::exists(place.path() / "m"));
  ASSERT_EQ(place.octet({"import", "foreign", "--out", "m"}).code, 0);
  expect_refused(place, place.octet({"import", "m", "--out", "n"}), 3, {"format: expected a model of Hugging Face"});
  EXPECT_EQ(place.octet({"import", source("llama"), "--out", "m"}).code, 0) << "a model of Octet is replaced";
  const std::string config = read_text_file(place.path() / "m/config.json");
  EXPECT_THAT(config, testing::HasSubstr("llama"));
}

TEST(Import, AnInterruptedOrRefusedImportLeavesNothing) {
  const Workplace place;
  fs::copy(kSources / "llama", place.path() / "broken");
  const std::string shard = place.path() / "broken/model-00002-of-00002.safetensors";
  fs::resize_file(shard, fs::file_size(shard) - 4);
  expect_refused(place, place.octet({"import", "broken", "--out", "m"}), 3, {"model-00002", "truncated"});
  EXPECT_FALSE(fs::exists(place.path() / "m"));
}

TEST(Import, AModelOfAnotherProgramIsNotTakenForACheckpoint) {
  const Workplace place;
  for (const char* model : {"llama", "llama.gguf"}) {
    expect_refused(place, place.octet({"eval", source(model), "--text", "text.txt"}), 3,
                   {"expected a model of Octet", "octet import " + source(model) + " --out FOLDER"});
  }
}

TEST(Import, AMessageStaysShortWhateverTheFileHolds) {
  const Workplace place;
  fs::copy(kSources / "gpt2", place.path() / "long");
  write_file_atomically(place.path() / "long/config.json", "{\"model_type\": \"gpt2\", \"" + std::string(100000, 'x') +
                                                               "\": [" + std::string(99999, '1') + "]}");
  const ProcessResult result = place.octet({"import", "long", "--out", "m"});
  EXPECT_EQ(result.code, 3);
  EXPECT_LT(result.err.size(), 2500u);
  EXPECT_THAT(result.err, testing::HasSubstr("long/config.json"));
  const ProcessResult named = place.octet({"import", std::string(5000, 'n'), "--out", "m"});
  EXPECT_LT(named.err.size(), 2500u);
  EXPECT_THAT(named.err, testing::HasSubstr("expected a folder of Hugging Face or a GGUF file, found nothing there"));
}

TEST(EvalText, PrintsTheProtocolAndComparesModels) {
  const Workplace place;
  write_file_atomically(place.path() / "letters.txt", letters(100) + "\n");
  ASSERT_EQ(place.octet({"import", source("llama"), "--out", "a"}).code, 0);
  const ProcessResult result =
      place.octet({"eval", "a", "--text", "letters.txt", "--protocol", "llama.cpp", "--against", "a", "--json"});
  ASSERT_EQ(result.code, 0) << result.err;
  const auto json = nlohmann::json::parse(result.out);
  // 100 words of 4 letters, 99 spaces: "abc" is one token, " a" too.
  const auto tokens = json["text"]["tokens"].get<std::int64_t>();
  EXPECT_EQ(json["text"]["bytes"], 499);
  EXPECT_EQ(json["protocol"]["context"], 11);
  EXPECT_EQ(json["protocol"]["windows"], tokens / 11);
  EXPECT_EQ(json["protocol"]["scored_tokens"], tokens / 11 * 5) << "positions 6 to 10 of each window";
  ASSERT_EQ(json["models"].size(), 2u);
  EXPECT_EQ(json["models"][1]["kl"], 0);
  EXPECT_EQ(json["models"][1]["perplexity"], json["models"][0]["perplexity"]);
  const ProcessResult whole = place.octet({"eval", "a", "--text", "letters.txt", "--context", "8", "--stride", "4"});
  EXPECT_THAT(whole.out, testing::HasSubstr(fmt::format("8 tokens, 4 apart, {} positions scored", tokens - 1)));
}

TEST(EvalText, SaysWhereAContextTakesMoreMemoryThanThereIs) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "sanitizers take more address space than the limit that the test needs";
#endif
  const Workplace place;
  fs::copy(kSources / "llama", place.path() / "far");
  std::string config = read_text_file(place.path() / "far/config.json");
  const std::string positions = "\"max_position_embeddings\":11";
  config.replace(config.find(positions), positions.size(), "\"max_position_embeddings\":1048576");
  write_file_atomically(place.path() / "far/config.json", config);
  write_file_atomically(place.path() / "letters.txt", letters(250000));  // half a million tokens, about 1.2 GiB
  ASSERT_EQ(place.octet({"import", "far", "--out", "a"}).code, 0);
  const ProcessResult result =
      place.shell("ulimit -v 600000; exec $OCTET eval a --text letters.txt --context 1048576 --threads 1 --quiet");
  expect_refused(place, result, 2, {"--context: windows of", "of memory, but"});
}

TEST(EvalText, RefusesWrongWishes) {
  const Workplace place;
  write_file_atomically(place.path() / "letters.txt", letters(50));
  write_file_atomically(place.path() / "a.txt", "a");
  ASSERT_EQ(place.octet({"import", source("llama"), "--out", "a"}).code, 0);
  ASSERT_EQ(place.octet({"import", source("gpt2"), "--out", "b"}).code, 0);
  const auto refused = [&](std::vector<std::string> more, int code, const std::vector<std::string>& parts) {
    more.insert(more.begin(), {"eval", "a"});
    expect_refused(place, place.octet(more), code, parts);
  };
  refused({"--protocol", "llama.cpp"}, 2, {"--text FILE"});
  refused({"--text", "letters.txt", "eval.stride=2"}, 2, {"override eval.stride=2"});
  refused({"--text", "letters.txt", "--context", "12"}, 2, {"at most the 11 positions", "got 12"});
  refused({"--text", "letters.txt", "--context", "4", "--stride", "5"}, 2, {"stride: expected 1 to the context of 4"});
  refused({"--text", "letters.txt", "--protocol", "llama.cpp", "--stride", "5"}, 2, {"windows of llama.cpp touch"});
  refused({"--text", "letters.txt", "--protocol", "other"}, 2, {"--protocol"});
  refused({"--text", "nowhere.txt"}, 3, {"nowhere.txt"});
  refused({"--text", "a.txt"}, 3, {"a.txt: expected a text of at least 2 tokens, got 1"});
  refused({"--text", "letters.txt", "--against", "b"}, 3, {"b: expected a model with the tokenizer of a"});
}

}  // namespace
}  // namespace octet::sample::import_cli_test
