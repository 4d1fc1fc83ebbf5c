#include "text/piece_splitter.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace octet::piece_splitter_test {
namespace {

using Pieces = std::vector<std::string>;

Pieces split(const std::string& text, SplitPattern pattern = SplitPattern::gpt2) {
  Pieces pieces;
  PieceSplitter splitter(text, pattern);
  for (auto piece = splitter.next(); !piece.empty(); piece = splitter.next()) {
    pieces.emplace_back(piece);
  }
  return pieces;
}

constexpr SplitPattern kPatterns[] = {SplitPattern::gpt2, SplitPattern::smollm, SplitPattern::llama_bpe,
                                      SplitPattern::qwen2};

TEST(PieceSplitter, WordsTakeTheSpaceBeforeThem) {
  EXPECT_EQ(split("Hello world, it's 1611!"), (Pieces{"Hello", " world", ",", " it", "'s", " 1611", "!"}));
}

TEST(PieceSplitter, TheLastSpaceOfARunGoesWithTheWord) {
  EXPECT_EQ(split("a   b\n\nc  "), (Pieces{"a", "  ", " b", "\n", "\n", "c", "  "}));
}

TEST(PieceSplitter, ContractionsAreLowerCaseOnly) {
  EXPECT_EQ(split("we'll I'VE"), (Pieces{"we", "'ll", " I", "'", "VE"}));
}

TEST(PieceSplitter, LettersNumbersAndSpacesAreThoseOfUnicode) {
  EXPECT_EQ(split("\u00e9t\u00e9 \u0663\u2460\u3000\u65e5\u672c"),
            (Pieces{"\u00e9t\u00e9", " \u0663\u2460", "\u3000", "\u65e5\u672c"}));
  // U+0085 is white space, U+180E is not any more.
  EXPECT_EQ(split("a\u0085b\u180ec"), (Pieces{"a", "\u0085", "b", "\u180e", "c"}));
}

TEST(PieceSplitter, BytesThatAreNotUtf8AreAPieceOfTheirOwn) {
  EXPECT_EQ(split("caf\xe9 au"), (Pieces{"caf", "\xe9", " au"}));
  EXPECT_EQ(split("\xff\xfe\x80z"), (Pieces{"\xff\xfe\x80", "z"}));
  EXPECT_EQ(split(""), Pieces{});
}

TEST(PieceSplitter, LongRunsAreOnePiece) {
  const std::string letters(1 << 20, 'a');
  const std::string spaces(1 << 20, ' ');
  EXPECT_EQ(split(letters).size(), 1u);
  EXPECT_EQ(split(spaces + "b"), (Pieces{spaces.substr(1), " b"}));
  for (const SplitPattern pattern : kPatterns) {
    EXPECT_EQ(split(letters, pattern).size(), 1u);
    EXPECT_EQ(split(spaces, pattern).size(), 1u);
    EXPECT_EQ(split(spaces + "b", pattern).size(), 2u);
  }
}

TEST(PieceSplitter, PatternsDifferInNumbersWordsAndLines) {
  const std::string text = "I'VE 1234!\n\n\tx";
  EXPECT_EQ(split(text, SplitPattern::gpt2), (Pieces{"I", "'", "VE", " 1234", "!", "\n\n", "\t", "x"}));
  EXPECT_EQ(split(text, SplitPattern::smollm),
            (Pieces{"I", "'", "VE", " ", "1", "2", "3", "4", "!", "\n\n", "\t", "x"}));
  EXPECT_EQ(split(text, SplitPattern::llama_bpe), (Pieces{"I", "'VE", " ", "123", "4", "!\n\n", "\tx"}));
  EXPECT_EQ(split(text, SplitPattern::qwen2), (Pieces{"I", "'VE", " ", "1", "2", "3", "4", "!\n\n", "\tx"}));
}

RC_GTEST_PROP(PieceSplitter, PiecesJoinToTheText, ()) {
  const auto text = *rc::gen::container<std::string>(rc::gen::arbitrary<char>());
  std::string joined;
  for (const auto& piece : split(text)) joined += piece;
  RC_ASSERT(joined == text);
}

RC_GTEST_PROP(PieceSplitter, ASafeCutLeavesThePiecesAsTheyAre, ()) {
  const auto text =
      *rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab'sl1 .\n\r\t\xc3\xa9\xe3\x80\x80\xff")));
  const auto pattern = *rc::gen::elementOf(std::vector<SplitPattern>(std::begin(kPatterns), std::end(kPatterns)));
  const auto from = *rc::gen::inRange<std::size_t>(0, text.size() + 1);
  const std::size_t cut = safe_cut(text, from);
  RC_ASSERT(cut >= from);
  Pieces pieces = split(text.substr(0, cut), pattern);
  for (const auto& piece : split(text.substr(cut), pattern)) pieces.push_back(piece);
  RC_ASSERT(pieces == split(text, pattern));
}

}  // namespace
}  // namespace octet::piece_splitter_test
