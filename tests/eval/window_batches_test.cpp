#include "eval/score/window_batches.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/eval/tiny_models.h"

namespace octet {
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

}  // namespace
}  // namespace octet
