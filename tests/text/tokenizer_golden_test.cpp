// Agreement with the Hugging Face `tokenizers` package; scripts/golden/tokenizer.py makes the files.
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/files/read_file.h"
#include "text/bpe_trainer.h"
#include "text/tokenizer_file.h"

namespace octet::tokenizer_golden_test {
namespace {

const std::string kFolder = OCTET_SOURCE_DIR "/tests/text/golden/";

nlohmann::json golden() {
  return nlohmann::json::parse(read_text_file(kFolder + "tokenizer_cases.json"));
}

TEST(TokenizerGolden, EncodesAsThePackageThatMadeTheFile) {
  const Tokenizer tokenizer = load_tokenizer(kFolder + "tokenizer.json");
  const auto cases = golden()["cases"];
  ASSERT_GE(cases.size(), 10u);
  for (const auto& item : cases) {
    const auto text = item["text"].get<std::string>();
    const auto ids = tokenizer.encode(text);
    EXPECT_EQ(ids, item["ids"].get<std::vector<std::int32_t>>()) << text;
    EXPECT_EQ(tokenizer.decode(ids), text);
  }
}

TEST(TokenizerGolden, TrainsTheSameVocabulary) {
  const auto file = golden();
  const auto corpus = file["corpus"].get<std::string>();
  const std::string_view text = corpus;
  const Vocabulary ours = train_bpe(std::span(&text, 1), file["vocab_size"].get<std::int64_t>());
  const Vocabulary theirs = load_tokenizer(kFolder + "tokenizer.json").vocabulary();
  EXPECT_EQ(ours.tokens, theirs.tokens);
  EXPECT_EQ(ours.merges, theirs.merges);
  EXPECT_EQ(ours.specials, theirs.specials);
}

}  // namespace
}  // namespace octet::tokenizer_golden_test
