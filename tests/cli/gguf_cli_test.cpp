#include <nlohmann/json.hpp>

#include "tests/cli/cli_sample.h"

namespace octet::sample::gguf_cli_test {
namespace {

const fs::path kSources = OCTET_SOURCE_DIR "/tests/golden/import";

TEST(Gguf, ATrainedAndQuantizedModelGoesThereAndComesBack) {
  const Workplace place;
  ASSERT_EQ(place.octet({"train", "tiny.yaml"}).code, 0);
  ASSERT_EQ(place.octet({"quantize", "tiny.yaml"}).code, 0);
  const ProcessResult exported =
      place.octet({"export", "runs/t/quantized/int4", "--to", "gguf", "--out", "new/t.gguf", "--json"});
  ASSERT_EQ(exported.code, 0) << exported.err;
  const auto json = nlohmann::json::parse(exported.out);
  EXPECT_EQ(json["weights"].size(), 20u);
  for (const auto& weight : json["weights"]) EXPECT_EQ(weight["error"], 0.0) << weight;
  ASSERT_EQ(place.octet({"import", "new/t.gguf", "--out", "back"}).code, 0);
  ASSERT_EQ(place.octet({"export", "back", "--to", "gguf", "--out", "t.gguf"}).code, 0);
  const auto perplexity = [&](const char* model) {
    const ProcessResult result = place.octet({"eval", model, "--text", "text.txt", "--windows", "4", "--json"});
    EXPECT_EQ(result.code, 0) << result.err;
    return nlohmann::json::parse(result.out)["models"][0]["perplexity"];
  };
  EXPECT_EQ(perplexity("back"), perplexity("runs/t/quantized/int4"));
  const std::string first = read_text_file(place.path() / "new/t.gguf");
  EXPECT_TRUE(read_text_file(place.path() / "t.gguf") == first) << "a file that came back is the same file";
  EXPECT_EQ(place.octet({"generate", "back", "--prompt", "The", "--tokens", "4"}).code, 0);
  EXPECT_EQ(place.octet({"inspect", "back"}).code, 0);
}

TEST(Gguf, ATextBecomesAnImatrixAndBaseLogits) {
  const Workplace place;
  write_file_atomically(place.path() / "letters.txt", "abc abca abcb abcc abcd abce abcf abcg abch abci abcj abck");
  ASSERT_EQ(place.octet({"import", (kSources / "llama.gguf").string(), "--out", "m"}).code, 0);
  for (const std::string to : {"imatrix", "kld-base"}) {
    SCOPED_TRACE(to);
    const ProcessResult result =
        place.octet({"export", "m", "--to", to, "--text", "letters.txt", "--out", "new/" + to, "--context", "8"});
    EXPECT_EQ(result.code, 0) << result.err;
    EXPECT_THAT(result.out, testing::HasSubstr("windows of 8 tokens"));
    EXPECT_TRUE(fs::exists(place.path() / "new" / to));
    expect_refused(place, place.octet({"export", "m", "--to", to, "--out", "x"}), 2, {"--text FILE"});
    expect_refused(place,
                   place.octet({"export", "m", "--to", to, "--text", "letters.txt", "--out", "x", "--context", "12"}),
                   2, {"--context: expected at most the 11"});
    write_file_atomically(place.path() / "short.txt", "abc");
    expect_refused(place, place.octet({"export", "m", "--to", to, "--text", "short.txt", "--out", "x"}), 3,
                   {"short.txt", "11 tokens"});
  }
  expect_refused(place, place.octet({"export", "m", "--to", "gguf", "--text", "letters.txt", "--out", "x"}), 2,
                 {"--text", "only --to imatrix and kld-base"});
  expect_refused(place,
                 place.octet({"export", "m", "--to", "kld-base", "--text", "letters.txt", "--out", "new/kld-base"}), 2,
                 {"new file"});
}

TEST(Gguf, RefusesWrongWishesAndKeepsFilesOfOthers) {
  const Workplace place;
  ASSERT_EQ(place.octet({"import", (kSources / "llama.gguf").string(), "--out", "m"}).code, 0);
  fs::copy(kSources / "llama.gguf", place.path() / "other.gguf");
  const auto refused = [&](std::vector<std::string> more, int code, const std::vector<std::string>& parts) {
    more.insert(more.begin(), {"export", "m"});
    expect_refused(place, place.octet(more), code, parts);
  };
  refused({"--to", "gguf"}, 2, {"--out FILE"});
  refused({"--to", "gguf", "--out", "x.gguf", "--type", "Q5_K"}, 2, {"--type", "F32, F16, Q4_0", "Q5_K"});
  refused({"--to", "hf", "--out", "x", "--type", "F16"}, 2, {"--type: only --to gguf"});
  refused({"--to", "gguf", "--out", "other.gguf"}, 2, {"other.gguf", "new file"});
  refused({"--to", "gguf", "--out", "m"}, 2, {"another place than the checkpoint"});
  refused({"--to", "gguf", "--out", "x.gguf", "--type", "q8_0"}, 2, {"token_embd.weight", "32", "got 16"});
  EXPECT_FALSE(fs::exists(place.path() / "x.gguf"));
  EXPECT_EQ(read_text_file(place.path() / "other.gguf"), read_text_file(kSources / "llama.gguf"));
  ASSERT_EQ(place.octet({"export", "m", "--to", "gguf", "--out", "x.gguf"}).code, 0);
  EXPECT_EQ(place.octet({"export", "m", "--to", "gguf", "--out", "x.gguf"}).code, 0) << "an export is replaced";
}

}  // namespace
}  // namespace octet::sample::gguf_cli_test
