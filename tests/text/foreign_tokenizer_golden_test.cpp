// Tokenizers of other models beside the Hugging Face `tokenizers` package: scripts/golden/foreign_tokenizers.py makes
// the file.
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files/read_file.h"
#include "tests/support/error_of.h"
#include "text/tokenizer_file.h"

namespace octet::foreign_tokenizer_golden_test {
namespace {

using Ids = std::vector<std::int32_t>;

const nlohmann::json& golden() {
  static const auto file =
      nlohmann::json::parse(read_text_file(OCTET_SOURCE_DIR "/tests/text/golden/foreign_tokenizers.json"));
  return file;
}

Tokenizer tokenizer_of(const std::string& name) {
  return tokenizer_from_json(golden()["tokenizers"][name]["file"].dump(), name, MissingBytes::left_out);
}

class ForeignTokenizer : public testing::TestWithParam<const char*> {};

INSTANTIATE_TEST_SUITE_P(Patterns, ForeignTokenizer,
                         testing::Values("gpt2", "smollm", "llama_bpe", "qwen2", "qwen2_nfc"),
                         [](const auto& suite) { return std::string(suite.param); });

TEST_P(ForeignTokenizer, EncodesHostileTextsAsThePackage) {
  const Tokenizer tokenizer = tokenizer_of(GetParam());
  const auto& texts = golden()["texts"];
  const auto& ids = golden()["tokenizers"][GetParam()]["ids"];
  ASSERT_GE(texts.size(), 40u);
  ASSERT_EQ(texts.size(), ids.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const auto text = texts[i].get<std::string>();
    const Ids found = tokenizer.encode(text, SpecialText::recognise);
    EXPECT_EQ(found, ids[i].get<Ids>()) << texts[i].dump();
    if (!tokenizer.vocabulary().leaves_out_bytes && !tokenizer.vocabulary().nfc) {
      EXPECT_EQ(tokenizer.decode(found), text);
    }
  }
}

TEST_P(ForeignTokenizer, IsWrittenInAFormThatReadsBackEqual) {
  const Tokenizer tokenizer = tokenizer_of(GetParam());
  const Tokenizer again = tokenizer_from_json(tokenizer_to_json(tokenizer), "written", MissingBytes::left_out);
  EXPECT_EQ(again.vocabulary(), tokenizer.vocabulary());
}

TEST_P(ForeignTokenizer, ChunksDoNotChangeTheIds) {
  const Tokenizer tokenizer = tokenizer_of(GetParam());
  std::string text;
  for (const auto& part : golden()["texts"]) text += part.get<std::string>();
  EXPECT_EQ(tokenizer.encode_in_chunks(text, 1), tokenizer.encode_in_chunks(text, 1 << 20));
}

TEST(ForeignTokenizers, PlainTextBecomesAddedTokensButNoSpecialOnes) {
  const Tokenizer tokenizer = tokenizer_of("gpt2");
  ASSERT_EQ(tokenizer.vocabulary().added.size(), 1u);
  const std::int32_t tool = tokenizer.vocabulary().added[0];
  EXPECT_THAT(tokenizer.encode("<tool><|endoftext|>"), testing::Contains(tool));
  EXPECT_THAT(tokenizer.encode("<tool><|endoftext|>"), testing::Not(testing::Contains(*tokenizer.end_of_text())));
  EXPECT_EQ(tokenizer.text_bytes(tool), 6);
}

TEST(ForeignTokenizers, NormalizeWhatLiesBetweenBrokenBytesAndNothingElse) {
  const Tokenizer tokenizer = tokenizer_of("qwen2_nfc");
  const auto round_trip = [&](const std::string& text) { return tokenizer.decode(tokenizer.encode(text)); };
  EXPECT_EQ(round_trip("caf\x65\xcc\x81 x"), "caf\xc3\xa9 x");
  EXPECT_EQ(round_trip("\xff"
                       "e\xcc\x81\xff\xcc\x81"),
            "\xff\xc3\xa9\xff\xcc\x81");
  EXPECT_EQ(round_trip(std::string("\0a\0", 3)), std::string("\0a\0", 3));
  EXPECT_EQ(tokenizer_of("qwen2").decode(tokenizer_of("qwen2").encode("e\xcc\x81")), "e\xcc\x81");
}

TEST(ForeignTokenizers, RefuseOtherNormalizersByName) {
  const auto refusal = [](const char* change) {
    nlohmann::json file = golden()["tokenizers"]["qwen2_nfc"]["file"];
    file.merge_patch(nlohmann::json::parse(change));
    return error_of(ErrorKind::input, [&] { tokenizer_from_json(file.dump(), "t", MissingBytes::left_out); });
  };
  EXPECT_THAT(refusal(R"({"normalizer": {"type": "NFKC"}})"),
              testing::HasSubstr("t: normalizer.type: only NFC is supported, got NFKC"));
  EXPECT_THAT(
      refusal(R"({"normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "Lowercase"}]}})"),
      testing::HasSubstr("normalizer.normalizers[1].type: only NFC is supported, got Lowercase"));
  EXPECT_THAT(refusal(R"({"normalizer": 3})"), testing::HasSubstr("normalizer: expected an object"));
  EXPECT_THAT(refusal(R"({"added_tokens": [{"id": 366, "content": "x", "normalized": true}]})"),
              testing::HasSubstr("added_tokens[0].normalized: only false is supported beside a normalizer"));
}

TEST(ForeignTokenizers, KnowTheTokenBeforeATextWhereThereIsOne) {
  const Tokenizer llama = tokenizer_of("llama_bpe");
  ASSERT_TRUE(llama.begin_of_text());
  EXPECT_EQ(llama.token(*llama.begin_of_text()), "<|begin|>");
  EXPECT_FALSE(tokenizer_of("qwen2").begin_of_text());
}

TEST(ForeignTokenizers, KeepWhatBeginsAndEndsATextInTheFile) {
  Vocabulary vocabulary = tokenizer_of("qwen2").vocabulary();
  vocabulary.bos = vocabulary.specials[1];
  vocabulary.eos = vocabulary.specials[0];
  const Tokenizer before(vocabulary);
  EXPECT_EQ(tokenizer_from_json(tokenizer_to_json(before), "written").vocabulary(), vocabulary);
  EXPECT_EQ(before.end_of_text(), vocabulary.specials[0]);
  EXPECT_FALSE(before.begin_of_text());
}

TEST(ForeignTokenizers, LackBytesOnlyWhereThatIsAllowed) {
  const std::string json = golden()["tokenizers"]["smollm"]["file"].dump();
  EXPECT_TRUE(tokenizer_of("smollm").vocabulary().leaves_out_bytes);
  EXPECT_FALSE(tokenizer_of("gpt2").vocabulary().leaves_out_bytes);
  EXPECT_THAT(error_of(ErrorKind::input, [&] { tokenizer_from_json(json, "t"); }),
              testing::HasSubstr("expected a token for each byte"));
  nlohmann::json unknown = golden()["tokenizers"]["smollm"]["file"];
  unknown["model"]["unk_token"] = "<|begin|>";
  EXPECT_THAT(error_of(ErrorKind::input, [&] { tokenizer_from_json(unknown.dump(), "t", MissingBytes::left_out); }),
              testing::HasSubstr("model.unk_token: only null is supported where a byte has no token"));
}

}  // namespace
}  // namespace octet::foreign_tokenizer_golden_test
