#include "train/batches.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/error.h"

namespace octet::batches_test {
namespace {

/// Runs whose tokens are all different: run r counts up from 1000 r.
TokenRuns counting_runs(const std::vector<std::size_t>& sizes) {
  TokenRuns runs;
  for (std::size_t r = 0; r < sizes.size(); ++r) {
    runs.emplace_back(sizes[r]);
    std::iota(runs.back().begin(), runs.back().end(), static_cast<std::int32_t>(1000 * r));
  }
  return runs;
}

TEST(BatchSampler, RowsAreContiguousAndTargetsOneFurtherOn) {
  const TokenRuns runs = counting_runs({100, 40});
  BatchSampler sampler(runs, 8, 3, 1);
  const Batch batch = sampler.batch(0);
  EXPECT_EQ(batch.rows, 3);
  EXPECT_EQ(batch.context, 8);
  ASSERT_EQ(batch.inputs.size(), 24u);
  ASSERT_EQ(batch.targets.size(), 24u);
  for (std::size_t i = 0; i < 24; ++i) {
    EXPECT_EQ(batch.targets[i], batch.inputs[i] + 1);
    if (i % 8 != 0) {
      EXPECT_EQ(batch.inputs[i], batch.inputs[i - 1] + 1);
    }
  }
}

std::map<std::int32_t, int> targets_of_epoch(BatchSampler& sampler, std::int64_t epoch) {
  std::map<std::int32_t, int> seen;
  for (std::int64_t i = 0; i < sampler.windows_per_epoch(); ++i) {
    for (const auto target : sampler.batch(epoch * sampler.windows_per_epoch() + i).targets) ++seen[target];
  }
  return seen;
}

RC_GTEST_PROP(BatchSampler, AnEpochCoversEveryTokenOnceAndEndsAtMostTwice, ()) {
  const auto size = *rc::gen::inRange<std::size_t>(6, 60);
  const auto context = *rc::gen::inRange<std::int64_t>(1, 6);
  const TokenRuns runs = counting_runs({size, 50});
  BatchSampler sampler(runs, context, 1, *rc::gen::arbitrary<std::uint64_t>());
  for (std::int64_t epoch = 0; epoch < 2; ++epoch) {
    const auto seen = targets_of_epoch(sampler, epoch);
    RC_ASSERT(seen.size() == size - 1 + 49);
    RC_ASSERT(!seen.contains(0) && !seen.contains(1000));
    for (std::int32_t t = 0; t < 50; ++t) {
      const bool middle = t > context && t < 49 - context;
      if (middle) RC_ASSERT(seen.at(1000 + t) == 1);
    }
  }
}

TEST(BatchSampler, EpochsHaveDifferentWindowsInDifferentOrder) {
  const TokenRuns runs = counting_runs({500});
  BatchSampler sampler(runs, 16, 1, 1);
  const std::int64_t windows = sampler.windows_per_epoch();
  EXPECT_EQ(windows, 33);
  std::vector<std::int32_t> first, second;
  for (std::int64_t i = 0; i < windows; ++i) {
    first.push_back(sampler.batch(i).inputs[0]);
    second.push_back(sampler.batch(windows + i).inputs[0]);
  }
  EXPECT_NE(first, second);
  EXPECT_FALSE(std::is_sorted(first.begin(), first.end()));
  const std::set<std::int32_t> a(first.begin(), first.end());
  const std::set<std::int32_t> b(second.begin(), second.end());
  EXPECT_NE(a, b);
}

TEST(BatchSampler, EachEpochIsShuffledAnew) {
  // With a context of 1 there is nothing to shift: only the order can differ.
  const TokenRuns runs = counting_runs({50});
  BatchSampler sampler(runs, 1, 50, 1);
  ASSERT_EQ(sampler.windows_per_epoch(), 50);
  auto first = sampler.batch(0).inputs;
  auto second = sampler.batch(1).inputs;
  EXPECT_NE(first, second);
  std::sort(first.begin(), first.end());
  std::sort(second.begin(), second.end());
  EXPECT_EQ(first, second);
}

TEST(BatchSampler, ABatchDependsOnItsNumberAlone) {
  const TokenRuns runs = counting_runs({300, 200});
  BatchSampler forwards(runs, 8, 5, 42);
  std::vector<Batch> batches;
  for (std::int64_t i = 0; i < 40; ++i) batches.push_back(forwards.batch(i));
  for (std::int64_t i = 39; i >= 0; i -= 3) {
    BatchSampler fresh(runs, 8, 5, 42);
    EXPECT_EQ(fresh.batch(i).inputs, batches[static_cast<std::size_t>(i)].inputs) << i;
    EXPECT_EQ(forwards.batch(i).inputs, batches[static_cast<std::size_t>(i)].inputs) << i;
  }
  BatchSampler other(runs, 8, 5, 43);
  EXPECT_NE(other.batch(0).inputs, batches[0].inputs);
}

TEST(BatchSampler, CountsEpochs) {
  const TokenRuns runs = counting_runs({81});
  const BatchSampler sampler(runs, 8, 2, 1);
  EXPECT_EQ(sampler.windows_per_epoch(), 11);
  EXPECT_DOUBLE_EQ(sampler.epochs(11), 2.0);
}

TEST(BatchSampler, LeavesOutRunsThatAreTooShort) {
  const TokenRuns runs = counting_runs({8, 9, 0, 1});
  BatchSampler sampler(runs, 8, 1, 1);
  for (std::int64_t i = 0; i < sampler.windows_per_epoch(); ++i) {
    EXPECT_EQ(sampler.batch(i).inputs[0], 1000);
  }
}

TEST(BatchSampler, RefusesRunsThatAreAllTooShort) {
  const TokenRuns runs = counting_runs({8, 8});
  try {
    const BatchSampler sampler(runs, 8, 1, 1);
    FAIL() << "expected an error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
    EXPECT_STREQ(error.what(), "[batches] expected a run of more than 8 tokens (the context), got 2 shorter ones");
  }
}

TEST(BatchSampler, RefusesNonsense) {
  const TokenRuns runs = counting_runs({80});
  EXPECT_THROW(BatchSampler(runs, 0, 1, 1), Error);
  EXPECT_THROW(BatchSampler(runs, 8, 0, 1), Error);
  BatchSampler sampler(runs, 8, 1, 1);
  EXPECT_THROW(sampler.batch(-1), Error);
}

}  // namespace
}  // namespace octet::batches_test
