#include <nlohmann/json.hpp>

#include "tests/cli/cli_sample.h"

namespace octet::sample::export_cli_test {
namespace {

const fs::path kSources = OCTET_SOURCE_DIR "/tests/golden/import";
const std::string kSource = kSources / "llama";

std::string text(const Workplace& place, const std::string& file) {
  return read_text_file(place.path() / file);
}

TEST(Export, WhatIsImportedAgainIsTheSameFiles) {
  const Workplace place;
  ASSERT_EQ(place.octet({"import", kSource, "--out", "m"}).code, 0);
  const ProcessResult result = place.octet({"export", "m", "--to", "hf", "--out", "new/hf"});
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(result.out, "new/hf: 21 f32 as F32\n");
  ASSERT_EQ(place.octet({"import", "new/hf", "--out", "again"}).code, 0);
  for (const char* file : {"config.json", "model.safetensors", "tokenizer.json"}) {
    EXPECT_EQ(text(place, std::string("m/") + file), text(place, std::string("again/") + file)) << file;
  }
  EXPECT_THAT(text(place, "new/hf/config.json"), testing::HasSubstr("\"torch_dtype\": \"float32\""));
  EXPECT_THAT(text(place, "new/hf/tokenizer_config.json"), testing::HasSubstr("\"eos_token\": \"<|endoftext|>\""));
}

TEST(Export, WritesTheCodesOfARunAndReplacesOnlyExports) {
  const Workplace place;
  copy_finished_run(place.path() / "r");
  ASSERT_EQ(place.octet({"export", "r", "--to", "hf", "--out", "e"}).code, 0) << "the best checkpoint of a run";
  const ProcessResult result =
      place.octet({"export", "r/quantized/int4", "--to", "compressed-tensors", "--out", "e", "--json"});
  ASSERT_EQ(result.code, 0) << result.err;
  const auto json = nlohmann::json::parse(result.out);
  EXPECT_EQ(json["to"], "compressed-tensors");
  EXPECT_EQ(json["weights"].size(), 20u);
  EXPECT_EQ(json["weights"][2]["to"], "pack-quantized int4 channel") << "a group of 32 columns is the row";
  EXPECT_EQ(json["notes"].size(), 1u) << "the embedding";
  EXPECT_THAT(text(place, "e/config.json"), testing::HasSubstr("pack-quantized"));
}

TEST(Export, RefusesWrongWishesAndWritesNothing) {
  const Workplace place;
  ASSERT_EQ(place.octet({"import", kSource, "--out", "m"}).code, 0);
  fs::create_directory(place.path() / "other");
  write_file_atomically(place.path() / "other/letter.txt", "mine");
  fs::copy(kSources / "gpt2", place.path() / "foreign");
  const auto refused = [&](std::vector<std::string> arguments, int code, const std::vector<std::string>& parts) {
    arguments.insert(arguments.begin(), "export");
    expect_refused(place, place.octet(arguments), code, parts);
    EXPECT_FALSE(fs::exists(place.path() / "e"));
  };
  refused({"m", "--to", "hf"}, 2, {"--out FOLDER"});
  refused({"m", "--out", "e"}, 2, {"--to is required"});
  refused({"m", "--to", "hff", "--out", "e"}, 2, {"--to: expected one of", "did you mean \"hf\"?"});
  refused({"nowhere", "--to", "hf", "--out", "e"}, 3, {"nowhere"});
  refused({"foreign", "--to", "hf", "--out", "e"}, 3, {"foreign"});
  refused({"m", "--to", "compressed-tensors", "--out", "e"}, 2, {"expected layers with int8 or int4 codes"});
  refused({"m", "--to", "hf", "--out", "m"}, 2, {"another place than the checkpoint"});
  refused({"m", "--to", "hf", "--out", "m/a/b"}, 2, {"--out: expected a place outside of the checkpoint m, got m/a/b"});
  refused({"m", "--to", "gguf", "--out", "m/e"}, 2, {"--out: expected a place outside of the checkpoint m, got m/e"});
  refused({"m", "--to", "hf", "--out", "other"}, 2, {"--out", "letter.txt"});
  fs::create_symlink("other", place.path() / "link");
  refused({"m", "--to", "hf", "--out", "link"}, 2, {"--out", "got the link link"});
  fs::copy(place.path() / "m", place.path() / "model");
  for (const char* taken : {"model", "foreign"}) {
    const std::string weights = std::string(taken) + "/model.safetensors", before = text(place, weights);
    refused({"m", "--to", "hf", "--out", taken}, 2, {"--out: expected a new folder or one that octet export made"});
    EXPECT_EQ(text(place, weights), before);
  }
}

}  // namespace
}  // namespace octet::sample::export_cli_test
