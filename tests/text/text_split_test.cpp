#include "text/text_split.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace octet::text_split_test {
namespace {

using Runs = std::vector<TextRun>;
using Ends = std::vector<std::int64_t>;

/// 1000 numbered lines of 20 bytes, in paragraphs of ten lines.
std::string numbered_lines() {
  std::string text;
  for (int i = 0; i < 1000; ++i) {
    std::string line = "line " + std::to_string(i);
    line.resize(19, '.');
    text += line + "\n";
    if (i % 10 == 9) text += "\n";
  }
  return text;
}

TEST(CutBlocks, EndAfterABlankLine) {
  const std::string text = numbered_lines();
  const auto size = static_cast<std::int64_t>(text.size());
  const Runs blocks = cut_blocks(text, Ends{size}, 1000);
  EXPECT_EQ(blocks.size(), 17u);  // six paragraphs of 201 bytes each
  for (const TextRun& block : blocks) {
    EXPECT_GE(block.size(), 750);
    EXPECT_LE(block.size(), 1500);
    EXPECT_EQ(text.substr(static_cast<std::size_t>(block.end) - 2, 2), "\n\n");
  }
}

TEST(CutBlocks, WithoutBlankLinesEndAfterALineElseAfterASpace) {
  const std::string lines = "aaaa bbbb\ncccc dddd\neeee ffff\ngggg hhhh\n";
  EXPECT_EQ(cut_blocks(lines, Ends{40}, 20), (Runs{{0, 20}, {20, 40}}));
  const std::string words = "aaaa bbbb cccc dddd eeee ffff gggg hhhh ";
  EXPECT_EQ(cut_blocks(words, Ends{40}, 16), (Runs{{0, 20}, {20, 40}}));
}

TEST(CutBlocks, WithoutSpacesEndBetweenCharacters) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "\u65e5";
  for (const TextRun& block : cut_blocks(text, Ends{300}, 20)) EXPECT_EQ(block.end % 3, 0);
  // Bytes that are not UTF-8 do not keep a block from ending.
  const std::string bytes(300, '\x80');
  EXPECT_GT(cut_blocks(bytes, Ends{300}, 20).size(), 10u);
}

TEST(CutBlocks, FilesDoNotShareABlock) {
  const std::string text(30, 'a');
  EXPECT_EQ(cut_blocks(text, Ends{10, 13, 30}, 100), (Runs{{0, 10}, {10, 13}, {13, 30}}));
}

RC_GTEST_PROP(CutBlocks, TogetherAreTheText, ()) {
  const auto text = *rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab \n\xc3\xa9\x80")));
  const auto block = *rc::gen::inRange<std::int64_t>(1, 40);
  std::int64_t end = 0;
  for (const TextRun& run : cut_blocks(text, Ends{static_cast<std::int64_t>(text.size())}, block)) {
    RC_ASSERT(run.begin == end);
    RC_ASSERT(run.end > run.begin);
    end = run.end;
  }
  RC_ASSERT(end == static_cast<std::int64_t>(text.size()));
}

/// 10 thousand bytes without two equal blocks of ten.
const std::string& distinct_text() {
  static const std::string text = [] {
    std::string digits;
    for (int i = 0; i < 1000; ++i) digits += std::to_string(1000000000 + i);
    return digits;
  }();
  return text;
}

Runs equal_blocks(int count) {
  Runs blocks;
  for (int i = 0; i < count; ++i) blocks.push_back({i * 10, (i + 1) * 10});
  return blocks;
}

std::int64_t bytes_of(const Runs& runs) {
  std::int64_t sum = 0;
  for (const TextRun& run : runs) sum += run.size();
  return sum;
}

TEST(DealBlocks, PartsAreDisjointAndTogetherEverything) {
  const TextSplit split = deal_blocks(distinct_text(), equal_blocks(200), Ends{2000}, 0.05, 0.1, 1);
  std::vector<int> owners(2000);
  for (const auto* runs : {&split.train, &split.calibration, &split.test}) {
    for (const TextRun& run : *runs) {
      for (auto i = run.begin; i < run.end; ++i) ++owners[static_cast<std::size_t>(i)];
    }
  }
  EXPECT_EQ(std::count(owners.begin(), owners.end(), 1), 2000);
  EXPECT_EQ(bytes_of(split.test), 200);
  EXPECT_EQ(bytes_of(split.calibration), 100);
}

TEST(DealBlocks, TheTestPartComesFromAllOverTheText) {
  const TextSplit split = deal_blocks(distinct_text(), equal_blocks(1000), Ends{10000}, 0.05, 0.2, 1);
  for (std::int64_t quarter = 0; quarter < 4; ++quarter) {
    std::int64_t bytes = 0;
    for (const TextRun& run : split.test) {
      if (run.begin / 2500 == quarter) bytes += run.size();
    }
    EXPECT_NEAR(static_cast<double>(bytes), 500, 150) << quarter;  // three standard deviations are 165
  }
}

TEST(DealBlocks, TheSeedDecidesAndNothingElse) {
  const Runs blocks = equal_blocks(100);
  const Ends ends{1000};
  EXPECT_EQ(deal_blocks(distinct_text(), blocks, ends, 0.1, 0.1, 1).test,
            deal_blocks(distinct_text(), blocks, ends, 0.1, 0.1, 1).test);
  EXPECT_NE(deal_blocks(distinct_text(), blocks, ends, 0.1, 0.1, 1).test,
            deal_blocks(distinct_text(), blocks, ends, 0.1, 0.1, 2).test);
  EXPECT_EQ(deal_blocks(distinct_text(), blocks, ends, 0.1, 0.1, 1).test,
            deal_blocks(distinct_text(), blocks, ends, 0.3, 0.1, 1).test);
}

TEST(DealBlocks, NeighboursAreJoinedWithinAFile) {
  const TextSplit split = deal_blocks(distinct_text(), equal_blocks(100), Ends{500, 1000}, 0.01, 0.01, 1);
  EXPECT_EQ(split.test.size(), 1u);
  EXPECT_EQ(split.calibration.size(), 1u);
  EXPECT_LE(split.train.size(), 4u);
  for (const TextRun& run : split.train) EXPECT_FALSE(run.begin < 500 && run.end > 500);
}

TEST(DealBlocks, WithoutEqualBlocksTheHashAloneDecides) {
  const TextSplit split = deal_blocks(distinct_text(), equal_blocks(20), Ends{200}, 0.1, 0.1, 1);
  EXPECT_EQ(split.test, (Runs{{60, 70}, {190, 200}}));
  EXPECT_EQ(split.calibration, (Runs{{70, 80}, {110, 120}}));
}

TEST(DealBlocks, EqualBlocksLandInOnePart) {
  const std::string twice = distinct_text().substr(0, 1000) + distinct_text().substr(0, 1000);
  const TextSplit split = deal_blocks(twice, equal_blocks(200), Ends{1000, 2000}, 0.05, 0.1, 1);
  std::vector<int> owner(200);
  int part = 0;
  for (const auto* runs : {&split.train, &split.calibration, &split.test}) {
    ++part;
    for (const TextRun& run : *runs) {
      for (auto i = run.begin; i < run.end; i += 10) owner[static_cast<std::size_t>(i / 10)] = part;
    }
  }
  for (std::size_t i = 0; i < 100; ++i) EXPECT_EQ(owner[i], owner[i + 100]) << i;
  EXPECT_EQ(bytes_of(split.test), 200);
}

TEST(DealBlocks, TestAndCalibrationGetOneBlockAtLeast) {
  const TextSplit split = deal_blocks(distinct_text(), equal_blocks(3), Ends{30}, 0, 0, 1);
  EXPECT_EQ(bytes_of(split.test), 10);
  EXPECT_EQ(bytes_of(split.calibration), 10);
  EXPECT_EQ(bytes_of(split.train), 10);
}

}  // namespace
}  // namespace octet::text_split_test
