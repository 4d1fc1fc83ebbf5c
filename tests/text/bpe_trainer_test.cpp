#include "text/bpe_trainer.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/error.h"
#include "base/random.h"
#include "text/byte_unicode.h"
#include "text/piece_splitter.h"

namespace octet::bpe_trainer_test {
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

RC_GTEST_PROP(BpeTrainer, EqualsRecountingOnAnyTextOfFewLetters, ()) {
  const auto alphabet = *rc::gen::element<std::string>("a", "ab", "abc", "ab ", "aab1 ", "ACGT");
  const auto text = *rc::gen::scale(4, rc::gen::container<std::string>(rc::gen::elementOf(alphabet)));
  RC_ASSERT(train(text, 300).merges == merges_by_recounting(text, 299));
}

TEST(BpeTrainer, RunsOfOneLetter) {
  for (std::size_t size = 0; size < 70; ++size) {
    const std::string text(size, 'a');
    EXPECT_EQ(train(text, 300).merges, merges_by_recounting(text, 299)) << size;
  }
}

TEST(BpeTrainer, APieceOfAMegabyteTakesNotMuchLongerPerByte) {
  // Going through the whole piece for each merge would take minutes.
  const Random random(3);
  std::string text;
  for (std::uint64_t i = 0; i < 1000000; ++i) text += static_cast<char>('a' + random.below(i, 26));
  EXPECT_EQ(train(text, 1024).tokens.size(), 1024u);
}

/// Remembers the reports.
class Recorder final : public ProgressSink {
 public:
  void update(const ProgressUpdate& update) override { done.push_back(update.done); }
  void finish(const ProgressUpdate& last) override { finished = last.done; }
  void note(std::string_view) override {}

  std::vector<std::int64_t> done;
  std::int64_t finished = -1;
};

TEST(BpeTrainer, ReportsProgressAfterEachMerge) {
  Recorder recorder;
  train_bpe(std::vector<std::string_view>{"xy1xy2xy3xy4zw5zw6zw"}, 259, recorder);
  EXPECT_THAT(recorder.done, testing::IsSupersetOf({0, 1, 2}));
  EXPECT_EQ(recorder.finished, 2);
}

TEST(BpeTrainer, ReportsWhileAMergeIsLong) {
  Recorder recorder;
  const std::string text(1000000, 'a');
  train_bpe(std::vector<std::string_view>{text}, 258, recorder);
  // Once before and once after the merge without those from inside.
  EXPECT_GT(recorder.done.size(), 10u);
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

// Tokens 1 and 2, which are '"' and '#', are tokens like any other. The second text merges "!#" and "#$" before "##",
// so that "##" has also stood where a longer token now lies.
TEST(BpeTrainer, TheFirstIdsAreOrdinaryTokens) {
  std::string quotes, hashes;
  const auto append = [](std::string& text, const char* piece, int times) {
    for (int i = 0; i < times; ++i) text += std::string(piece) + "\n";
  };
  append(quotes, "\"\"\"\"", 5);
  append(quotes, "\"\"\"", 3);
  append(hashes, "!##$", 20);
  append(hashes, "!#", 10);
  append(hashes, "#$", 10);
  append(hashes, "##", 5);
  for (const std::string& text : {quotes, hashes}) {
    const Vocabulary vocabulary = train(text, 280);
    EXPECT_EQ(vocabulary.merges, merges_by_recounting(text, 279));
  }
  EXPECT_THAT(merged_tokens(train(quotes, 280)), testing::ElementsAre("\"\"", "\"\"\"\"", "\"\"\""));
  EXPECT_THAT(merged_tokens(train(hashes, 280)), testing::ElementsAre("!#", "#$", "!##$", "##"));
}

}  // namespace
}  // namespace octet::bpe_trainer_test
