#include "text/tokenizer.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/error.h"
#include "text/bpe_trainer.h"

namespace octet::tokenizer_test {
namespace {

using Ids = std::vector<std::int32_t>;

constexpr std::string_view kText =
    "the quick brown fox jumps over the lazy dog; the dog, being lazy, lets the fox be. "
    "then the fox thinks: there is the other dog! \u00e9t\u00e9, \u00e9t\u00e9, na\u00efve\n";

const Tokenizer& tokenizer() {
  static const Tokenizer instance(train_bpe(std::vector{kText}, 300));
  return instance;
}

/// The definition: as long as there is a merge, make the one of lowest rank, the leftmost first.
Ids encode_by_definition(const Tokenizer& t, std::string_view piece) {
  Ids ids;
  for (const char byte : piece) {
    for (std::int32_t id = 0; id < 256; ++id) {
      if (t.token(id) == std::string_view(&byte, 1)) ids.push_back(id);
    }
  }
  for (bool merged = true; merged;) {
    merged = false;
    for (const Merge& merge : t.vocabulary().merges) {
      for (std::size_t i = 0; i + 1 < ids.size() && !merged; ++i) {
        if (ids[i] != merge.left || ids[i + 1] != merge.right) continue;
        ids[i] = merge.result;
        ids.erase(ids.begin() + static_cast<std::ptrdiff_t>(i) + 1);
        merged = true;
      }
      if (merged) break;
    }
  }
  return ids;
}

TEST(Tokenizer, FrequentWordsBecomeFewTokens) {
  const Ids ids = tokenizer().encode(" the dog");
  EXPECT_EQ(ids.size(), 2u);
  EXPECT_EQ(tokenizer().token(ids[0]), " the");
  EXPECT_EQ(tokenizer().decode(ids), " the dog");
  EXPECT_EQ(tokenizer().text_bytes(ids[0]), 4);
}

TEST(Tokenizer, EncodingOfNothingIsNothing) {
  EXPECT_TRUE(tokenizer().encode("").empty());
  EXPECT_EQ(tokenizer().decode({}), "");
}

TEST(Tokenizer, TextNeverBecomesASpecialTokenUnlessAsked) {
  const std::string text = "fox<|endoftext|>the<|endoftext|>";
  const std::int32_t special = *tokenizer().end_of_text();
  EXPECT_EQ(special, tokenizer().vocab_size() - 1);
  for (const auto id : tokenizer().encode(text)) EXPECT_NE(id, special);
  EXPECT_EQ(tokenizer().decode(tokenizer().encode(text)), text);

  Ids expected = tokenizer().encode("fox");
  expected.push_back(special);
  for (const auto id : tokenizer().encode("the")) expected.push_back(id);
  expected.push_back(special);
  EXPECT_EQ(tokenizer().encode(text, SpecialText::recognise), expected);
  EXPECT_EQ(tokenizer().decode(expected), text);
  EXPECT_TRUE(tokenizer().is_special(special));
  EXPECT_EQ(tokenizer().text_bytes(special), 0);
}

TEST(Tokenizer, OfSpecialsAtOnePlaceTheLongestWins) {
  Vocabulary vocabulary = train_bpe(std::vector<std::string_view>{}, 257);
  vocabulary.specials.push_back(257);
  vocabulary.tokens.push_back("<|endoftext|><|pad|>");
  const Tokenizer with_two(vocabulary);
  EXPECT_EQ(with_two.encode("<|endoftext|><|pad|><|endoftext|>", SpecialText::recognise), (Ids{257, 256}));
}

TEST(Tokenizer, EqualRanksMergeFromTheLeft) {
  Vocabulary vocabulary = train_bpe(std::vector<std::string_view>{}, 257);
  const std::int32_t a = 'a' - '!';
  vocabulary.tokens.insert(vocabulary.tokens.begin() + 256, "aa");
  vocabulary.specials = {257};
  vocabulary.merges = {{a, a, 256}};
  EXPECT_EQ(Tokenizer(vocabulary).encode("aaa"), (Ids{256, a}));
}

TEST(Tokenizer, ALongPieceTakesNotMuchLongerPerByte) {
  // A quadratic merge would need minutes for this.
  const std::string letters(1 << 20, 'e');
  const Tokenizer doubling(train_bpe(std::vector<std::string_view>{"eeeeeeee1eeeeeeee"}, 300));
  const Ids ids = doubling.encode(letters);
  EXPECT_EQ(ids.size(), letters.size() / 8);
  EXPECT_EQ(doubling.decode(ids), letters);
}

TEST(Tokenizer, RefusesIdsOutsideTheVocabulary) {
  for (const std::int32_t id : {-1, static_cast<std::int32_t>(tokenizer().vocab_size())}) {
    EXPECT_THROW(tokenizer().decode(Ids{id}), Error);
  }
}

void expect_refused(const Vocabulary& vocabulary, const std::string& message) {
  try {
    const Tokenizer refused(vocabulary);
    FAIL() << "expected: " << message;
  } catch (const Error& error) {
    EXPECT_EQ(error.what(), message);
  }
}

TEST(Tokenizer, RefusesABrokenVocabulary) {
  const Vocabulary good = train_bpe({}, 257);
  Vocabulary bad = good;
  bad.tokens[0] = "??";
  expect_refused(bad, "[tokenizer] expected a token for each byte, got none for 0x21");
  bad = good;
  bad.merges = {{0, 1, 300}};
  expect_refused(bad, "[tokenizer] merge 0 names a token that is not among the 257");
  bad = good;
  bad.merges = {{0, 1, 2}, {0, 1, 3}};
  expect_refused(bad, "[tokenizer] merge 1 repeats the pair 0, 1");
  bad = good;
  bad.specials = {257};
  expect_refused(bad, "[tokenizer] special token 257 is not among the 257 tokens");
  for (const bool special : {true, false}) {
    bad = good;
    bad.tokens.emplace_back("\x9c");
    (special ? bad.specials : bad.added).push_back(257);
    expect_refused(bad, "[tokenizer] expected valid UTF-8 as the text of the special or added token 257");
  }
}

RC_GTEST_PROP(Tokenizer, AnyBytesReturn, ()) {
  const auto text = *rc::gen::container<std::string>(rc::gen::arbitrary<char>());
  RC_ASSERT(tokenizer().decode(tokenizer().encode(text)) == text);
}

RC_GTEST_PROP(Tokenizer, ChunksDoNotChangeTheIds, ()) {
  const auto chars = std::string("the dogfx,. \n'\xc3\xa9\xff");
  const auto text = *rc::gen::container<std::string>(rc::gen::elementOf(chars));
  const auto chunk = *rc::gen::inRange<std::int64_t>(1, 20);
  RC_ASSERT(tokenizer().encode_in_chunks(text, chunk) == tokenizer().encode_in_chunks(text, 1 << 20));
}

RC_GTEST_PROP(Tokenizer, PiecesAreEncodedByDefinition, ()) {
  const auto piece = *rc::gen::container<std::string>(rc::gen::elementOf(std::string("thedogfxlazy")));
  RC_ASSERT(tokenizer().encode(piece) == encode_by_definition(tokenizer(), piece));
}

TEST(Tokenizer, ParallelEncodingEqualsSerialOnLongText) {
  std::string text;
  for (int i = 0; i < 2000; ++i) text += kText;
  const Ids serial = tokenizer().encode_in_chunks(text, static_cast<std::int64_t>(text.size()));
  EXPECT_EQ(tokenizer().encode_in_chunks(text, 1000), serial);
  EXPECT_EQ(tokenizer().encode(text), serial);
}

}  // namespace
}  // namespace octet::tokenizer_test
