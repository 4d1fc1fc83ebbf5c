#include "train/optim/schedule.h"

#include <cmath>

#include <gtest/gtest.h>

namespace octet::schedule_test {
namespace {

constexpr double kExact = 1e-12;  // double arithmetic of a few operations

ScheduleConfig schedule(ScheduleKind kind, double warmup = 0.0, double final_factor = 0.0) {
  return {.kind = kind, .warmup = warmup, .decay = 0.4, .final_factor = final_factor};
}

TEST(Schedule, WarmupClimbsInEqualStepsToOne) {
  for (const auto kind : {ScheduleKind::constant, ScheduleKind::linear, ScheduleKind::cosine, ScheduleKind::wsd}) {
    const ScheduleConfig config = schedule(kind, 0.04);
    EXPECT_NEAR(learning_rate_factor(config, 0, 100), 0.25, kExact);
    EXPECT_NEAR(learning_rate_factor(config, 1, 100), 0.5, kExact);
    EXPECT_NEAR(learning_rate_factor(config, 3, 100), 1.0, kExact);
    EXPECT_NEAR(learning_rate_factor(config, 4, 100), 1.0, kExact);
  }
}

TEST(Schedule, ConstantStays) {
  EXPECT_EQ(learning_rate_factor(schedule(ScheduleKind::constant, 0.1, 0.1), 99, 100), 1.0);
}

TEST(Schedule, LinearFallsToTheFinalFactor) {
  const ScheduleConfig config = schedule(ScheduleKind::linear, 0.2, 0.1);
  EXPECT_NEAR(learning_rate_factor(config, 20, 100), 1.0, kExact);
  EXPECT_NEAR(learning_rate_factor(config, 60, 100), 0.55, kExact);
  EXPECT_NEAR(learning_rate_factor(config, 99, 100), 0.1 + 0.9 / 80, kExact);
}

TEST(Schedule, CosineIsHalfWayInTheMiddle) {
  const ScheduleConfig config = schedule(ScheduleKind::cosine, 0.2, 0.1);
  EXPECT_NEAR(learning_rate_factor(config, 20, 100), 1.0, kExact);
  EXPECT_NEAR(learning_rate_factor(config, 40, 100), 0.1 + 0.9 * (1 + std::sqrt(0.5)) / 2, kExact);
  EXPECT_NEAR(learning_rate_factor(config, 60, 100), 0.55, kExact);
}

TEST(Schedule, WsdStaysThenFalls) {
  const ScheduleConfig config = schedule(ScheduleKind::wsd, 0.1);
  EXPECT_EQ(learning_rate_factor(config, 10, 100), 1.0);
  EXPECT_EQ(learning_rate_factor(config, 60, 100), 1.0);
  EXPECT_NEAR(learning_rate_factor(config, 80, 100), 0.5, kExact);
  EXPECT_NEAR(learning_rate_factor(config, 99, 100), 1.0 / 40, kExact);
}

TEST(Schedule, ADecayLongerThanWhatIsLeftBeginsAfterTheWarmup) {
  ScheduleConfig config = schedule(ScheduleKind::wsd, 0.5);
  config.decay = 1.0;
  EXPECT_NEAR(learning_rate_factor(config, 50, 100), 1.0, kExact);
  EXPECT_NEAR(learning_rate_factor(config, 75, 100), 0.5, kExact);
}

// Every step must train, in the shortest runs and with the oddest settings too.
TEST(Schedule, NoStepHasAFactorOfZeroOrAboveOne) {
  for (const auto kind : {ScheduleKind::constant, ScheduleKind::linear, ScheduleKind::cosine, ScheduleKind::wsd}) {
    for (const double part : {0.0, 0.02, 0.5, 1.0}) {
      const ScheduleConfig config{.kind = kind, .warmup = part, .decay = 1.0 - part / 2, .final_factor = 0.0};
      for (const std::int64_t total : {1, 2, 3, 10, 77}) {
        for (std::int64_t step = 0; step < total; ++step) {
          const double factor = learning_rate_factor(config, step, total);
          EXPECT_GT(factor, 0.0) << enum_name(kind) << " " << part << " " << step << "/" << total;
          EXPECT_LE(factor, 1.0) << enum_name(kind) << " " << part << " " << step << "/" << total;
        }
      }
    }
  }
}

}  // namespace
}  // namespace octet::schedule_test
