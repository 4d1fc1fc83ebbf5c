#include "text/tokenizer_file.h"

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/error.h"
#include "text/bpe_trainer.h"

namespace octet::tokenizer_file_test {
namespace {

using Json = nlohmann::json;

Tokenizer sample() {
  const std::string_view text =
      "the lazy dog and the lazy fox then thought: the end is the end; \u00e9t\u00e9 \u00e9t\u00e9";
  return Tokenizer(train_bpe(std::span(&text, 1), 270));
}

Json sample_json() {
  return Json::parse(tokenizer_to_json(sample()));
}

TEST(TokenizerFile, HasTheFormOfHuggingFace) {
  const Json json = sample_json();
  EXPECT_EQ(json["model"]["type"], "BPE");
  EXPECT_EQ(json["model"]["vocab"]["!"], 0);
  EXPECT_EQ(json["model"]["vocab"]["\u0120"], 220);
  EXPECT_EQ(json["model"]["merges"][0], "t h");
  for (const char* part : {"pre_tokenizer", "decoder", "post_processor"}) {
    EXPECT_EQ(json[part]["type"], "ByteLevel");
    EXPECT_EQ(json[part]["add_prefix_space"], false);
  }
  EXPECT_EQ(json["added_tokens"][0]["content"], "<|endoftext|>");
  EXPECT_EQ(json["added_tokens"][0]["id"], json["model"]["vocab"]["<|endoftext|>"]);
}

TEST(TokenizerFile, ReadsWhatItWrote) {
  const Tokenizer before = sample();
  EXPECT_EQ(tokenizer_from_json(tokenizer_to_json(before), "t").vocabulary(), before.vocabulary());
}

TEST(TokenizerFile, ReadsWhatItSaved) {
  const auto path = testing::TempDir() + "octet_tokenizer_file_test.json";
  save_tokenizer(sample(), path);
  EXPECT_EQ(load_tokenizer(path).vocabulary(), sample().vocabulary());
  std::filesystem::remove(path);
}

TEST(TokenizerFile, ReadsMergesWrittenAsPairs) {
  Json json = sample_json();
  for (auto& merge : json["model"]["merges"]) {
    const auto text = merge.get<std::string>();
    const auto space = text.find(' ');
    merge = {text.substr(0, space), text.substr(space + 1)};
  }
  EXPECT_EQ(tokenizer_from_json(json.dump(), "t").vocabulary(), sample().vocabulary());
}

TEST(TokenizerFile, ASpecialTokenMayStandInAddedTokensAlone) {
  Json json = sample_json();
  json["model"]["vocab"].erase("<|endoftext|>");
  EXPECT_EQ(tokenizer_from_json(json.dump(), "t").vocabulary(), sample().vocabulary());
}

TEST(TokenizerFile, ASpecialTokenNeedNotBeByteLevel) {
  Json json = sample_json();
  json["added_tokens"].push_back({{"id", 270}, {"content", "<\u2581 x>"}, {"special", true}});
  const Tokenizer tokenizer = tokenizer_from_json(json.dump(), "t");
  EXPECT_EQ(tokenizer.token(270), "<\u2581 x>");
  const std::string written = tokenizer_to_json(tokenizer);
  EXPECT_EQ(tokenizer_from_json(written, "t").vocabulary(), tokenizer.vocabulary());
}

void expect_refused(const std::string& text, const std::string& message) {
  try {
    tokenizer_from_json(text, "dir/tokenizer.json");
    ADD_FAILURE() << "expected: " << message;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
    EXPECT_THAT(error.what(), testing::StartsWith("dir/tokenizer.json: " + message));
  }
}

struct Broken {
  const char* message;
  std::function<void(Json&)> change;
};

const std::vector<Broken>& broken_files() {
  static const std::vector<Broken> list = {
      {"model: this key is missing", [](Json& j) { j.erase("model"); }},
      {"model: expected an object, got array", [](Json& j) { j["model"] = Json::array(); }},
      {"model.type: this key is missing", [](Json& j) { j["model"].erase("type"); }},
      {"model.type: only BPE is supported, got Unigram", [](Json& j) { j["model"]["type"] = "Unigram"; }},
      {"model.vocab: this key is missing", [](Json& j) { j["model"].erase("vocab"); }},
      {"model.merges: this key is missing", [](Json& j) { j["model"].erase("merges"); }},
      {"model.merges: expected a list, got string", [](Json& j) { j["model"]["merges"] = "a b"; }},
      {"model.merges[1]: \"zz\" is not in model.vocab", [](Json& j) { j["model"]["merges"][1] = "zz b"; }},
      {"model.merges[1]: \"qz\" is not in model.vocab", [](Json& j) { j["model"]["merges"][1] = "q z"; }},
      {"model.merges[0]: expected \"left right\"", [](Json& j) { j["model"]["merges"][0] = "th"; }},
      {"model.merges[0]: expected \"left right\"", [](Json& j) { j["model"]["merges"][0] = "t h e"; }},
      {"model.merges[0]: expected a string, got number",
       [](Json& j) {
         j["model"]["merges"][0] = {1, 2};
       }},
      {"[tokenizer] merge 1 repeats the pair", [](Json& j) { j["model"]["merges"][1] = j["model"]["merges"][0]; }},
      {"model.vocab: id 3 is used twice", [](Json& j) { j["model"]["vocab"]["&"] = 3; }},
      {"model.vocab: no token has id 256, but \u0120th has 257", [](Json& j) { j["model"]["vocab"]["th"] = 999; }},
      {"model.vocab: no token has id 256, but \u0120th has 257",
       [](Json& j) { j["model"]["vocab"]["th"] = 2147483646; }},
      {"model.vocab[\"th\"]: expected a token id, got 2147483647",
       [](Json& j) { j["model"]["vocab"]["th"] = 2147483647; }},
      {"model.vocab[\"th\"]: expected a token id, got -1", [](Json& j) { j["model"]["vocab"]["th"] = -1; }},
      {"model.vocab[\"th\"]: expected a token id, got 2.5", [](Json& j) { j["model"]["vocab"]["th"] = 2.5; }},
      {"model.vocab: \"a b\" is not a byte-level token", [](Json& j) { j["model"]["vocab"]["a b"] = 270; }},
      {"model.byte_fallback: only false", [](Json& j) { j["model"]["byte_fallback"] = true; }},
      {"model.dropout: only null is supported, got 0.1", [](Json& j) { j["model"]["dropout"] = 0.1; }},
      {"model.end_of_word_suffix: only an empty one", [](Json& j) { j["model"]["end_of_word_suffix"] = "</w>"; }},
      {"pre_tokenizer: this key is missing", [](Json& j) { j.erase("pre_tokenizer"); }},
      {"pre_tokenizer.type: only ByteLevel is supported, got Whitespace",
       [](Json& j) { j["pre_tokenizer"]["type"] = "Whitespace"; }},
      {"pre_tokenizer.add_prefix_space: only false", [](Json& j) { j["pre_tokenizer"]["add_prefix_space"] = true; }},
      {"pre_tokenizer.add_prefix_space: expected true or false, got 1",
       [](Json& j) { j["pre_tokenizer"]["add_prefix_space"] = 1; }},
      {"pre_tokenizer.use_regex: only true", [](Json& j) { j["pre_tokenizer"]["use_regex"] = false; }},
      {"decoder: this key is missing", [](Json& j) { j.erase("decoder"); }},
      {"post_processor.type: only ByteLevel and one TemplateProcessing are supported, got BertProcessing",
       [](Json& j) { j["post_processor"]["type"] = "BertProcessing"; }},
      {"post_processor.single: only one token before the text is supported, got none",
       [](Json& j) { j["post_processor"]["type"] = "TemplateProcessing"; }},
      {"pre_tokenizer: expected ByteLevel, alone or after one step, got 0 steps",
       [](Json& j) {
         j["pre_tokenizer"] = {{"type", "Sequence"}, {"pretokenizers", Json::array()}};
       }},
      {"pre_tokenizer.pretokenizers[0].pattern: expected the regular expression of Llama 3 or of Qwen 2",
       [](Json& j) {
         const Json split = {{"type", "Split"}, {"pattern", {{"Regex", "x+"}}}, {"behavior", "Isolated"}};
         j["pre_tokenizer"] = {{"type", "Sequence"}, {"pretokenizers", {split, j["pre_tokenizer"]}}};
       }},
      {"pre_tokenizer.pretokenizers[0].individual_digits: only true",
       [](Json& j) {
         j["pre_tokenizer"] = {{"type", "Sequence"}, {"pretokenizers", {{{"type", "Digits"}}, j["pre_tokenizer"]}}};
       }},
      {"normalizer.type: only NFC is supported, got NFKC",
       [](Json& j) {
         j["normalizer"] = {{"type", "NFKC"}};
       }},
      {"added_tokens: expected a list, got object", [](Json& j) { j["added_tokens"] = Json::object(); }},
      {"added_tokens[0].id: this key is missing", [](Json& j) { j["added_tokens"][0].erase("id"); }},
      {"added_tokens: <|endoftext|> has id 7, but", [](Json& j) { j["added_tokens"][0]["id"] = 7; }},
      {"added_tokens[0].octet_role: expected bos, eos or \"bos eos\", got end",
       [](Json& j) { j["added_tokens"][0]["octet_role"] = "end"; }},
      {"added_tokens[0].lstrip: only false", [](Json& j) { j["added_tokens"][0]["lstrip"] = true; }},
      {"added_tokens[1]: <|endoftext|> is listed twice",
       [](Json& j) { j["added_tokens"].push_back(Json(j["added_tokens"][0])); }},
  };
  return list;
}

TEST(TokenizerFile, RefusesBrokenAndUnsupportedFiles) {
  for (const auto& broken : broken_files()) {
    Json json = sample_json();
    broken.change(json);
    expect_refused(json.dump(), broken.message);
  }
}

TEST(TokenizerFile, RefusesAVocabularyThatLacksAByte) {
  Json json = sample_json();
  // "Q" gives way to a longer token, so that the ids have no hole.
  json["model"]["vocab"]["QQ"] = json["model"]["vocab"]["Q"];
  json["model"]["vocab"].erase("Q");
  expect_refused(json.dump(), "[tokenizer] expected a token for each byte, got none for 0x51");
}

TEST(TokenizerFile, RefusesWhatIsNotJson) {
  expect_refused("{\"model\": ", "line 1, column 11: expected a value, found the end of the text");
  expect_refused("[1, 2]", "expected a JSON object");
  const std::string whole = tokenizer_to_json(sample());
  expect_refused(whole.substr(0, whole.size() / 2),
                 "line 166, column 16: expected a comma or \"}\", found the end of the text");
}

RC_GTEST_PROP(TokenizerFile, ADamagedFileLoadsOrIsRefusedWithItsName, ()) {
  static const std::string whole = tokenizer_to_json(sample());
  std::string damaged = whole;
  for (const auto place :
       *rc::gen::container<std::vector<std::size_t>>(3, rc::gen::inRange<std::size_t>(0, whole.size()))) {
    damaged[place] = *rc::gen::elementOf(std::string("\"{}[]:,0 9a\\\xff"));
  }
  try {
    tokenizer_from_json(damaged, "t.json");
  } catch (const Error& error) {
    RC_ASSERT(error.kind() == ErrorKind::input);
    RC_ASSERT(std::string(error.what()).starts_with("t.json: "));
  }
}

TEST(TokenizerFile, AMissingFileIsNamed) {
  try {
    load_tokenizer("/nowhere/tokenizer.json");
    FAIL() << "expected an error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
    EXPECT_THAT(error.what(), testing::HasSubstr("/nowhere/tokenizer.json"));
  }
}

}  // namespace
}  // namespace octet::tokenizer_file_test
