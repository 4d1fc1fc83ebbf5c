#include "eval/score/windows.h"

#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/error.h"
#include "tests/support/error_of.h"
#include "text/bpe_trainer.h"

namespace octet::windows_test {
namespace {

/// Token ids 0-255 are single bytes here; 256 is "ab", 257 is the end of text.
const Tokenizer& tokenizer() {
  static const Tokenizer instance = [] {
    constexpr std::string_view text = "ab ab";
    return Tokenizer(train_bpe(std::span(&text, 1), 258));
  }();
  return instance;
}

std::vector<std::int32_t> counting(std::int32_t from, std::size_t size) {
  std::vector<std::int32_t> run(size);
  std::iota(run.begin(), run.end(), from);
  return run;
}

TEST(EvaluationWindows, TouchWhereTheStrideIsTheContext) {
  const auto windows = evaluation_windows({counting(0, 9)}, tokenizer(), 4, 4);
  ASSERT_EQ(windows.size(), 2u);
  EXPECT_EQ(windows[0].tokens, counting(0, 5));
  EXPECT_EQ(windows[1].tokens, counting(4, 5));
  EXPECT_EQ(windows[1].first_scored, 0);
  EXPECT_EQ(windows[1].length(), 4);
}

TEST(EvaluationWindows, TheLastOneIsPushedBackToBeFull) {
  const auto windows = evaluation_windows({counting(0, 8)}, tokenizer(), 4, 4);
  ASSERT_EQ(windows.size(), 2u);
  EXPECT_EQ(windows[1].tokens, counting(3, 5));
  EXPECT_EQ(windows[1].first_scored, 1);
  EXPECT_EQ(windows[1].scored(), 3);
}

TEST(EvaluationWindows, ASmallerStrideGivesContext) {
  const auto windows = evaluation_windows({counting(0, 9)}, tokenizer(), 4, 2);
  ASSERT_EQ(windows.size(), 3u);
  EXPECT_EQ(windows[0].first_scored, 0);
  EXPECT_EQ(windows[1].tokens, counting(2, 5));
  EXPECT_EQ(windows[1].first_scored, 2);
  EXPECT_EQ(windows[2].first_scored, 2);
}

TEST(EvaluationWindows, ShortRunsMakeOneShortWindow) {
  const auto windows = evaluation_windows({counting(0, 3), counting(7, 1), {}}, tokenizer(), 4, 4);
  ASSERT_EQ(windows.size(), 1u);
  EXPECT_EQ(windows[0].tokens, counting(0, 3));
}

TEST(EvaluationWindows, BytesAreThoseOfTheScoredTargets) {
  const auto ids = tokenizer().encode("abcabab");
  ASSERT_EQ(ids.size(), 4u);  // ab c ab ab
  const auto windows = evaluation_windows({ids}, tokenizer(), 2, 2);
  ASSERT_EQ(windows.size(), 2u);
  EXPECT_EQ(windows[0].bytes_scored, 3);  // c ab
  EXPECT_EQ(windows[1].bytes_scored, 2);  // ab
}

RC_GTEST_PROP(EvaluationWindows, ScoreEveryTokenButTheFirstOfEachRunOnce, ()) {
  const auto context = *rc::gen::inRange<std::int64_t>(1, 9);
  const auto stride = *rc::gen::inRange<std::int64_t>(1, context + 1);
  const auto size = *rc::gen::inRange<std::size_t>(0, 60);
  const TokenRuns runs = {counting(0, size), counting(100, 40)};
  std::vector<int> scored(256);
  std::int64_t bytes = 0;
  for (const Window& window : evaluation_windows(runs, tokenizer(), context, stride)) {
    RC_ASSERT(window.length() <= context);
    RC_ASSERT(window.scored() >= 1);
    for (auto i = window.first_scored; i < window.length(); ++i) {
      ++scored[static_cast<std::size_t>(window.tokens[static_cast<std::size_t>(i) + 1])];
    }
    bytes += window.bytes_scored;
  }
  for (std::size_t id = 0; id < 256; ++id) {
    const bool target = (id > 0 && id < size) || (id > 100 && id < 140);
    RC_ASSERT(scored[id] == (target ? 1 : 0));
  }
  RC_ASSERT(bytes == static_cast<std::int64_t>(size > 0 ? size - 1 : 0) + 39);
}

TEST(EvaluationWindows, RefusesAStrideOutsideTheContext) {
  for (const std::int64_t stride : {0, 5}) {
    try {
      evaluation_windows({counting(0, 9)}, tokenizer(), 4, stride);
      FAIL() << "expected an error";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::config);
      EXPECT_EQ(error.what(), "stride: expected 1 to the context of 4, got " + std::to_string(stride));
    }
  }
}

TEST(LlamaCppWindows, ScoreTheSecondHalvesOfWindowsThatTouch) {
  const auto windows = llama_cpp_windows(counting(0, 21), tokenizer(), 8);
  ASSERT_EQ(windows.size(), 2u);
  EXPECT_EQ(windows[0].tokens, counting(0, 8));
  EXPECT_EQ(windows[1].tokens, counting(8, 8));
  EXPECT_EQ(windows[1].first_scored, 4);
  EXPECT_EQ(windows[1].scored(), 3);
  EXPECT_EQ(windows[1].bytes_scored, 3);
  EXPECT_EQ(llama_cpp_windows(counting(0, 9), tokenizer(), 9)[0].first_scored, 4);
  EXPECT_EQ(llama_cpp_windows(counting(0, 4), tokenizer(), 4)[0].scored(), 1);
}

TEST(LlamaCppWindows, BeginWithTheTokenBeforeTexts) {
  Vocabulary vocabulary = tokenizer().vocabulary();
  vocabulary.bos = 257;
  vocabulary.adds_bos = true;
  const auto windows = llama_cpp_windows(counting(0, 16), Tokenizer(vocabulary), 8);
  ASSERT_EQ(windows.size(), 2u);
  EXPECT_EQ(windows[1].tokens[0], 257);
  EXPECT_EQ(windows[1].tokens[1], 9);
}

TEST(LlamaCppWindows, RefuseShortTextsAndContexts) {
  EXPECT_EQ(error_of(ErrorKind::input, [] { llama_cpp_windows(counting(0, 7), tokenizer(), 8); }),
            "expected a text of at least 8 tokens, one window, got 7");
  EXPECT_EQ(error_of(ErrorKind::config, [] { llama_cpp_windows(counting(0, 7), tokenizer(), 3); }),
            "context: expected at least 4 for windows of llama.cpp, got 3");
}

}  // namespace
}  // namespace octet::windows_test
