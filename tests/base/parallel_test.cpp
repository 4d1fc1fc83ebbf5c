#include "base/parallel.h"

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <mutex>
#include <numeric>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <omp.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/error.h"

namespace octet::parallel_test {
namespace {

/// Restores the number of threads when a test ends.
class Parallel : public testing::Test {
 protected:
  ~Parallel() override { set_thread_count(before_); }
  int before_ = thread_count();
};

using Chunks = std::set<std::pair<std::int64_t, std::int64_t>>;

Chunks chunks_of(std::int64_t n, std::int64_t grain) {
  Chunks chunks;
  std::mutex mutex;
  parallel_for(n, grain, [&](std::int64_t begin, std::int64_t end) {
    const std::lock_guard lock(mutex);
    EXPECT_TRUE(chunks.emplace(begin, end).second);
  });
  return chunks;
}

TEST_F(Parallel, ChunksAreTheSameForAnyThreadCount) {
  for (int threads : {1, 2, 5}) {
    set_thread_count(threads);
    EXPECT_EQ(chunks_of(10, 4), (Chunks{{0, 4}, {4, 8}, {8, 10}})) << threads;
    EXPECT_EQ(chunks_of(8, 4), (Chunks{{0, 4}, {4, 8}})) << threads;
    EXPECT_EQ(chunks_of(3, 4), (Chunks{{0, 3}})) << threads;
    EXPECT_EQ(chunks_of(0, 4), Chunks{}) << threads;
    EXPECT_EQ(chunks_of(2, INT64_MAX), (Chunks{{0, 2}})) << threads;
  }
}

TEST_F(Parallel, EachElementIsVisitedOnce) {
  set_thread_count(4);
  std::vector<int> visits(10'007);
  parallel_for(std::ssize(visits), 64, [&](std::int64_t begin, std::int64_t end) {
    for (auto i = begin; i < end; ++i) {
      ++visits[i];
    }
  });
  EXPECT_THAT(visits, testing::Each(1));
}

TEST_F(Parallel, UsesSeveralThreads) {
  set_thread_count(2);
  std::atomic<int> arrived = 0;
  // Each chunk waits for the other, which only ends early when two threads run them.
  parallel_for(2, 1, [&](std::int64_t, std::int64_t) {
    ++arrived;
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (arrived < 2 && std::chrono::steady_clock::now() < limit) {
      std::this_thread::yield();
    }
    EXPECT_EQ(arrived, 2);
  });
}

// Chunks 0 and 1 both fail, and whichever of them fails later, 0 is reported.
TEST_F(Parallel, RethrowsTheFirstExceptionInChunkOrder) {
  set_thread_count(2);
  for (std::int64_t late : {0, 1}) {
    std::atomic<int> started = 0;
    const auto loop = [&] {
      parallel_for(100, 1, [&](std::int64_t begin, std::int64_t) {
        ++started;
        while (started < 2) {
          std::this_thread::yield();
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(begin == late ? 50 : 0));
        check(false, "chunk {}", begin);
      });
    };
    EXPECT_THAT(loop, testing::ThrowsMessage<Error>("chunk 0")) << "late: " << late;
    EXPECT_LT(started, 100) << "no new chunks after a failure";
  }
  EXPECT_EQ(chunks_of(2, 1).size(), 2U) << "the loop works after an exception";
}

TEST_F(Parallel, OneThreadStopsAtTheFirstException) {
  set_thread_count(1);
  int calls = 0;
  const auto loop = [&] {
    parallel_for(9, 1, [&](std::int64_t begin, std::int64_t) {
      ++calls;
      check(begin < 3, "chunk {}", begin);
    });
  };
  EXPECT_THAT(loop, testing::ThrowsMessage<Error>("chunk 3"));
  EXPECT_EQ(calls, 4);
}

TEST_F(Parallel, NestedLoopsRunSeriallyInOrder) {
  set_thread_count(2);
  std::vector<std::vector<std::int64_t>> order(4);
  parallel_for(4, 1, [&](std::int64_t outer, std::int64_t) {
    const auto thread = std::this_thread::get_id();
    parallel_for(6, 2, [&](std::int64_t begin, std::int64_t) {
      EXPECT_EQ(std::this_thread::get_id(), thread);
      order[outer].push_back(begin);
    });
  });
  EXPECT_THAT(order, testing::Each(testing::ElementsAre(0, 2, 4)));
}

int team_of_openmp() {
  std::atomic<int> team = 0;
#pragma omp parallel
  ++team;
  return team;
}

// oneDNN and the scratch of kernels count on what OpenMP says.
TEST_F(Parallel, OpenMpGivesTheThreadsThatAreCounted) {
  for (int threads : {1, 2, 5}) {
    set_thread_count(threads);
    EXPECT_EQ(threads_wanted(), threads);
    EXPECT_EQ(thread_count(), threads);
    EXPECT_EQ(omp_get_max_threads(), threads);
    EXPECT_EQ(team_of_openmp(), threads);
  }
}

TEST_F(Parallel, FewerThreadsThanAskedForAreCountedAsTheyAre) {
  const int levels = omp_get_max_active_levels();
  omp_set_max_active_levels(0);  // no region has more than one thread
  set_thread_count(3);
  EXPECT_EQ(threads_wanted(), 3);
  EXPECT_EQ(thread_count(), 1);
  EXPECT_EQ(omp_get_max_threads(), 1);
  omp_set_max_active_levels(levels);
  set_thread_count(3);
  EXPECT_EQ(thread_count(), 3);
}

// A new thread begins with OpenMP's own defaults.
TEST_F(Parallel, AThreadOfTheCallerAdoptsTheCount) {
  for (int threads : {1, 3}) {
    set_thread_count(threads);
    std::jthread([&] {
      omp_set_dynamic(1);
      omp_set_num_threads(7);
      adopt_thread_count();
      EXPECT_EQ(omp_get_max_threads(), threads);
      EXPECT_EQ(team_of_openmp(), threads);
    });
  }
}

TEST_F(Parallel, SettingInsideARegionCountsWhatOutsideIsGiven) {
#pragma omp parallel num_threads(2)
#pragma omp single
  set_thread_count(3);
  EXPECT_EQ(thread_count(), 3);
}

// OpenMP itself would end the process.
TEST(ParallelDeathTest, ASystemWithoutMoreThreadsIsServedByOne) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        rlimit one;
        one.rlim_cur = one.rlim_max = 1;
        const bool limited = setrlimit(RLIMIT_NPROC, &one) == 0 && (geteuid() != 0 || setuid(65534) == 0);
        set_thread_count(4);
        std::_Exit(limited && thread_count() == 1 && threads_wanted() == 4 ? 42 : 1);
      },
      testing::ExitedWithCode(42), "");
}

TEST_F(Parallel, RefusesBadSettings) {
  EXPECT_GE(hardware_threads(), 1);
  EXPECT_THAT([] { set_thread_count(0); },
              testing::ThrowsMessage<Error>("[threads] expected a number of threads from 1 to 1024, got 0"));
  EXPECT_THAT([] { set_thread_count(1025); },
              testing::ThrowsMessage<Error>("[threads] expected a number of threads from 1 to 1024, got 1025"));
  EXPECT_THAT([] { parallel_for(5, 0, [](std::int64_t, std::int64_t) {}); },
              testing::ThrowsMessage<Error>("[parallel_for] expected a grain of at least 1, got 0"));
}

}  // namespace
}  // namespace octet::parallel_test
