#include "eval/score/window_batches.h"

#include <algorithm>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "eval/score/tokens_at_once.h"
#include "tests/eval/tiny_models.h"

namespace octet::window_batches_test {
namespace {

using testing::ElementsAre;

std::vector<std::size_t> counts(const std::vector<WindowBatch>& batches) {
  std::vector<std::size_t> counts;
  for (const WindowBatch& batch : batches) {
    counts.push_back(batch.count);
  }
  return counts;
}

TEST(MakeBatches, GroupsWindowsOfEqualLengthUpToTheTokens) {
  auto windows = tiny_windows(5, 8);
  EXPECT_THAT(counts(make_batches(windows, 16)), ElementsAre(2, 2, 1));
  EXPECT_THAT(counts(make_batches(windows, 3)), ElementsAre(1, 1, 1, 1, 1)) << "a window is never cut";
  windows[2] = tiny_windows(1, 5).front();
  EXPECT_THAT(counts(make_batches(windows, 1000)), ElementsAre(2, 1, 2));
  EXPECT_EQ(make_batches(windows, 1000)[2].first, 3U);
}

TEST(WindowInputs, LeaveOutTheLastToken) {
  const auto windows = tiny_windows(2, 3);
  const Tensor ids = window_inputs(windows);
  EXPECT_EQ(ids.shape(), Shape({2, 3}));
  EXPECT_EQ(ids.data<std::int32_t>()[3], windows[1].tokens[0]);
  EXPECT_EQ(ids.data<std::int32_t>()[5], windows[1].tokens[2]);
}

TEST(PickWindows, SpreadsThemEvenly) {
  const auto windows = tiny_windows(10, 3);
  const auto picked = pick_windows(windows, 4);
  ASSERT_EQ(picked.size(), 4U);
  EXPECT_EQ(picked[0].tokens, windows[0].tokens);
  EXPECT_EQ(picked[1].tokens, windows[2].tokens);
  EXPECT_EQ(picked[2].tokens, windows[5].tokens);
  EXPECT_EQ(picked[3].tokens, windows[7].tokens);
  EXPECT_EQ(pick_windows(windows, 0).size(), 10U);
  EXPECT_EQ(pick_windows(windows, 99).size(), 10U);
}

TEST(PickWindows, ASeedDrawsOneOfEachPart) {
  const auto windows = tiny_windows(10, 3);
  const auto index_of = [&](const Window& window) {
    const auto found = std::find_if(windows.begin(), windows.end(),
                                    [&](const Window& other) { return other.tokens == window.tokens; });
    return found - windows.begin();
  };
  std::set<std::vector<std::ptrdiff_t>> draws;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    std::vector<std::ptrdiff_t> draw;
    for (const Window& window : pick_windows(windows, 4, seed)) {
      draw.push_back(index_of(window));
    }
    ASSERT_EQ(draw.size(), 4U);
    const std::ptrdiff_t ends[] = {0, 2, 5, 7, 10};
    for (int part = 0; part < 4; ++part) {
      EXPECT_GE(draw[part], ends[part]);
      EXPECT_LT(draw[part], ends[part + 1]);
    }
    draws.insert(draw);
  }
  EXPECT_GT(draws.size(), 10U);  // of 2 * 3 * 2 * 3 = 36
}

TEST(TokensAtOnce, AreFewWhereTheVocabularyIsLarge) {
  EXPECT_EQ(tokens_at_once(4096, 512, 4), 4096);
  EXPECT_EQ(tokens_at_once(4096, 49152, 4), 2730) << "512 MiB by 4 bytes and 49,152 entries";
  EXPECT_EQ(tokens_at_once(2048, 49152, 16), 682);
  EXPECT_EQ(tokens_at_once(4096, std::int64_t{1} << 40, 4), 1);
}

}  // namespace
}  // namespace octet::window_batches_test
