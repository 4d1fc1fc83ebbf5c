#include "eval/speed/interleave.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace octet::interleave_test {
namespace {

TEST(TimeInterleaved, RunsJobsInRoundsAndTimesThemByTheClock) {
  std::string order;
  double now = 0;
  int calls_of_a = 0;
  const std::vector<std::function<void()>> jobs = {[&] {
                                                     order += 'A';
                                                     now += ++calls_of_a;  // 1 in the warm-up, then 2, 3, 4, 5
                                                   },
                                                   [&] {
                                                     order += 'B';
                                                     now += 10;
                                                   }};
  const auto timings = time_interleaved(jobs, 1, 4, [&] { return now; });
  EXPECT_EQ(order, "ABABABABAB");
  ASSERT_EQ(timings.size(), 2U);
  EXPECT_EQ(timings[0].median, 3.5);
  EXPECT_EQ(timings[0].seconds, (std::vector<double>{2, 3, 4, 5}));
  EXPECT_EQ(timings[1].median, 10);
}

TEST(TimeInterleaved, WhatRunsBeforeAJobIsNotTimed) {
  double now = 0;
  int calls = 0;
  const std::vector<std::function<void()>> jobs = {[&] { now += 1; }, [&] { now += 2; }};
  const auto before = [&] {
    now += 100;
    ++calls;
  };
  const auto timings = time_interleaved(
      jobs, 1, 2, [&] { return now; }, before);
  EXPECT_EQ(calls, 6);
  EXPECT_EQ(timings[0].seconds, (std::vector<double>{1, 1}));
  EXPECT_EQ(timings[1].seconds, (std::vector<double>{2, 2}));
}

TEST(TimeInterleaved, RefusesNoRepetitions) {
  EXPECT_THROW(time_interleaved({}, 0, 0), Error);
}

TEST(SteadySeconds, DoesNotGoBack) {
  const double first = steady_seconds();
  EXPECT_GE(steady_seconds(), first);
}

}  // namespace
}  // namespace octet::interleave_test
