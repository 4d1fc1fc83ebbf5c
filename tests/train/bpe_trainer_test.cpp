#include "train/bpe_trainer.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/config.h"
#include "base/error.h"
#include "base/random.h"
#include "train/byte_unicode.h"
#include "train/piece_splitter.h"

namespace octet {
namespace {

using Ids = std::vector<std::int32_t>;

Vocabulary train(std::string_view text, std::int64_t vocab_size) {
  return train_bpe(std::vector{text}, vocab_size);
}

std::vector<std::string> merged_tokens(const Vocabulary& vocabulary) {
  return {vocabulary.tokens.begin() + 256, vocabulary.tokens.end() - 1};
}

/// The definition: count every pair anew before each merge.
std::vector<Merge> merges_by_recounting(const std::string& text, std::size_t wanted) {
  std::vector<Ids> pieces;
  std::map<std::string, std::int32_t> id_of;
  for (const auto byte : byte_order()) {
    id_of.emplace(std::string(1, static_cast<char>(byte)), static_cast<std::int32_t>(id_of.size()));
  }
  std::vector<std::string> tokens(256);
  for (const auto& [token, id] : id_of) tokens[static_cast<std::size_t>(id)] = token;
  PieceSplitter splitter(text);
  for (auto piece = splitter.next(); !piece.empty(); piece = splitter.next()) {
    pieces.emplace_back();
    for (const char byte : piece) pieces.back().push_back(id_of.at(std::string(1, byte)));
  }
  std::vector<Merge> merges;
  while (tokens.size() < wanted) {
    std::map<std::pair<std::int32_t, std::int32_t>, int> counts;
    for (const Ids& ids : pieces) {
      for (std::size_t i = 0; i + 1 < ids.size(); ++i) ++counts[{ids[i], ids[i + 1]}];
    }
    // std::map visits smaller pairs first, and max_element keeps the first of equals.
    const auto best =
        std::max_element(counts.begin(), counts.end(), [](auto& a, auto& b) { return a.second < b.second; });
    if (best == counts.end() || best->second < 2) break;
    const auto [left, right] = best->first;
    const std::string token = tokens[static_cast<std::size_t>(left)] + tokens[static_cast<std::size_t>(right)];
    const auto [entry, added] = id_of.emplace(token, static_cast<std::int32_t>(tokens.size()));
    if (added) tokens.push_back(token);
    merges.push_back({left, right, entry->second});
    for (Ids& ids : pieces) {
      Ids out;
      for (std::size_t i = 0; i < ids.size(); ++i) {
        const bool here = i + 1 < ids.size() && ids[i] == left && ids[i + 1] == right;
        out.push_back(here ? entry->second : ids[i]);
        if (here) ++i;
      }
      ids = out;
    }
  }
  return merges;
}

TEST(BpeTrainer, VocabularyIsBytesThenMergesThenEndOfText) {
  const Vocabulary vocabulary = train("low low low lower lower", 260);
  EXPECT_EQ(vocabulary.tokens.size(), 260u);
  EXPECT_EQ(vocabulary.tokens[0], "!");
  EXPECT_EQ(vocabulary.tokens[188], std::string(1, '\0'));
  EXPECT_EQ(vocabulary.tokens.back(), "<|endoftext|>");
  EXPECT_EQ(vocabulary.specials, Ids{259});
  EXPECT_EQ(vocabulary.merges.size(), 3u);
}

TEST(BpeTrainer, MergesTheMostFrequentPair) {
  // xy occurs 4 times, zw 3 times, everything else less.
  EXPECT_THAT(merged_tokens(train("xy1xy2xy3xy4zw5zw6zw", 259)), testing::ElementsAre("xy", "zw"));
}

TEST(BpeTrainer, EqualCountsGoToTheSmallerIds) {
  // Each pair occurs twice. 'a' < 'b' < 'c' as ids, too.
  EXPECT_THAT(merged_tokens(train("cb1ca2ba3cb4ca5ba", 260)), testing::ElementsAre("ba", "ca", "cb"));
}

TEST(BpeTrainer, OverlappingPairs) {
  // "aaaa" holds the pair (a, a) three times, but only two of them can be merged.
  EXPECT_THAT(merged_tokens(train("aaaa1aaaa2", 300)), testing::ElementsAre("aa", "aaaa"));
}

TEST(BpeTrainer, EqualsRecountingAfterEachMerge) {
  // Few letters make many ties, overlaps and tokens that can be spelt in two ways.
  const Random random(7);
  std::string text;
  for (std::uint64_t i = 0; i < 3000; ++i) text += "aaabbc "[random.below(i, 7)];
  const Vocabulary vocabulary = train(text, 400);
  EXPECT_EQ(vocabulary.merges, merges_by_recounting(text, 399));
  EXPECT_EQ(vocabulary.tokens.size(), 400u);
}

TEST(BpeTrainer, MergesStayInsideTexts) {
  const std::vector<std::string_view> texts = {"ab", "ab", "ca"};
  EXPECT_THAT(merged_tokens(train_bpe(texts, 1000)), testing::ElementsAre("ab"));
}

TEST(BpeTrainer, TooLittleTextMakesASmallerVocabulary) {
  EXPECT_EQ(train("", 1024).tokens.size(), 257u);
  EXPECT_EQ(train("abcdefg", 1024).tokens.size(), 257u);
}

TEST(BpeTrainer, SmallestVocabularyHasNoMerges) {
  EXPECT_TRUE(train("aaaa aaaa", 257).merges.empty());
}

TEST(BpeTrainer, RefusesAVocabularyWithoutRoomForTheBytes) {
  try {
    train("abc", 256);
    FAIL() << "expected an error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::config);
    EXPECT_STREQ(error.what(), "tokenizer.vocab_size: expected at least 257 (256 bytes and <|endoftext|>), got 256");
  }
}

TEST(TokenizerConfig, RefusesASmallVocabularyByName) {
  try {
    parse_config<TokenizerConfig>("vocab_size: 256", "c.yaml");
    FAIL() << "expected an error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::config);
    EXPECT_THAT(error.what(), testing::AllOf(testing::HasSubstr("c.yaml:1"), testing::HasSubstr("vocab_size"),
                                             testing::HasSubstr("257")));
  }
}

}  // namespace
}  // namespace octet
