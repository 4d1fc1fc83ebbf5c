#include "text/token_lists.h"

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/error_of.h"
#include "text/tokenizer.h"

namespace octet::token_lists_test {
namespace {

/// "a", "b", a space, "ab"; a control token, a user-defined one, an unused one.
TokenLists sample() {
  return {.tokens = {"a", "b", "\u0120", "ab", "<s>", "<x>", "[PAD6]"},
          .types = {1, 1, 1, 1, 3, 4, 5},
          .merges = {"a b"},
          .pattern = "gpt-2",
          .bos = {},
          .adds_bos = {}};
}

TEST(TokenLists, BecomeAVocabulary) {
  const Vocabulary vocabulary = vocabulary_from_lists(sample(), "f");
  EXPECT_EQ(vocabulary.tokens[2], " ");
  EXPECT_EQ(vocabulary.specials, (std::vector<std::int32_t>{4, 6}));
  EXPECT_EQ(vocabulary.added, (std::vector<std::int32_t>{5}));
  EXPECT_TRUE(vocabulary.leaves_out_bytes);
  EXPECT_FALSE(vocabulary.adds_bos);
  EXPECT_EQ(Tokenizer(vocabulary).encode("ab<x> z"), (std::vector<std::int32_t>{3, 5, 2}));
}

TEST(TokenLists, Llama3LooksForWholePiecesAndBeginsTexts) {
  TokenLists lists = sample();
  lists.pattern = "llama-bpe";
  lists.bos = 4;
  const Vocabulary vocabulary = vocabulary_from_lists(lists, "f");
  EXPECT_TRUE(vocabulary.ignore_merges);
  EXPECT_TRUE(vocabulary.adds_bos);
  EXPECT_EQ(vocabulary.bos, 4);
  lists.adds_bos = false;
  EXPECT_FALSE(vocabulary_from_lists(lists, "f").adds_bos);
}

TEST(TokenLists, OfAVocabularyAreThoseItIsMadeOf) {
  TokenLists lists = sample();
  lists.types[6] = 3;  // unused tokens become special, and special ones control tokens
  lists.bos = 4;
  lists.adds_bos = true;
  const TokenLists back = lists_from_vocabulary(vocabulary_from_lists(lists, "f"));
  EXPECT_EQ(back.tokens, lists.tokens);
  EXPECT_EQ(back.types, lists.types);
  EXPECT_EQ(back.merges, lists.merges);
  EXPECT_EQ(back.pattern, lists.pattern);
  EXPECT_EQ(back.bos, 4);
  EXPECT_EQ(back.adds_bos, true);
}

TEST(TokenLists, RefuseAVocabularyThatTheyCannotTell) {
  Vocabulary vocabulary = vocabulary_from_lists(sample(), "f");
  vocabulary.ignore_merges = true;
  EXPECT_THAT(error_of(ErrorKind::input, [&] { lists_from_vocabulary(vocabulary); }),
              testing::HasSubstr("got them on and pattern gpt-2"));
  vocabulary.ignore_merges = false;
  vocabulary.tokens[4] = "\u0120";  // a special token with the spelling of the space
  EXPECT_THAT(error_of(ErrorKind::input, [&] { lists_from_vocabulary(vocabulary); }),
              testing::HasSubstr("tokens 2 and 4 are both spelled \"\u0120\""));
}

TEST(TokenLists, RefuseWhatIsBroken) {
  const auto refusal = [](const std::function<void(TokenLists&)>& change) {
    TokenLists lists = sample();
    change(lists);
    return error_of(ErrorKind::input, [&] { vocabulary_from_lists(lists, "f"); });
  };
  using testing::HasSubstr;
  EXPECT_THAT(refusal([](auto& l) { l.pattern = "x"; }),
              HasSubstr("f: key tokenizer.ggml.pre: unknown pre-tokenizer \"x\""));
  EXPECT_THAT(refusal([](auto& l) { l.types.pop_back(); }), HasSubstr("token_type: expected one for each of the 7"));
  EXPECT_THAT(refusal([](auto& l) { l.types[0] = 6; }), HasSubstr("token 0: expected a type from 1 to 5, got 6"));
  EXPECT_THAT(refusal([](auto& l) { l.tokens[3] = "a"; }), HasSubstr("tokens 0 and 3 are both \"a\""));
  EXPECT_THAT(refusal([](auto& l) { l.tokens[3] = "a b"; }), HasSubstr("token 3, \"a b\", is not a byte-level"));
  EXPECT_THAT(refusal([](auto& l) { l.tokens[4] = ""; }), HasSubstr("token 4, \"\", is not"));
  EXPECT_THAT(refusal([](auto& l) { l.merges[0] = "b a"; }), HasSubstr("merge 0 is of or into \"ba\", which is not"));
  EXPECT_THAT(refusal([](auto& l) { l.merges[0] = "ab"; }), HasSubstr("merge 0: expected \"left right\""));
  EXPECT_THAT(refusal([](auto& l) { l.types[3] = 3; }), HasSubstr("token 3, \"ab\", which is no normal one"));
  EXPECT_THAT(refusal([](auto& l) { l.adds_bos = true; }), HasSubstr("begins texts, got none"));
  EXPECT_THAT(refusal([](auto& l) { l.adds_bos = true, l.bos = 7; }), HasSubstr("begins texts, got 7"));
  EXPECT_THAT(refusal([](auto& l) { l.adds_bos = true, l.bos = 0; }), HasSubstr("begins texts, got 0"));
}

}  // namespace
}  // namespace octet::token_lists_test
