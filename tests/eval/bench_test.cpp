#include "eval/speed/bench.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/eval/tiny_models.h"

namespace octet::bench_test {
namespace {

constexpr double kRounding = 1e-12;

TEST(BenchRow, IsTheMeasurementInUnitsThatPeopleCompare) {
  const BenchMeasurement measurement{
      .format = "int8",
      .task = {.kind = SpeedTask::Kind::generate, .tokens = 10, .batch = 4},
      .bytes = 1000,
      .work = {.int8_operations = 30e9, .fp32_operations = 10e9, .bytes = 8e9, .pass_bytes = 0.8e9},
      .timing = {.median = 2, .seconds = {1, 2, 4}},
      .baseline_seconds = 5};
  const BenchLimit limit{.kind = BenchLimit::Kind::read, .rate = 10, .seconds = 0.8};
  const BenchRow row = bench_row("m", 97, measurement, limit);
  EXPECT_EQ(row.model, "m");
  EXPECT_EQ(row.test, "tg10 b4");
  EXPECT_DOUBLE_EQ(row.tokens_per_s, 20);
  EXPECT_NEAR(row.tokens_per_s_std, std::sqrt(700.0 / 3), 1e-9) << "of 40, 20 and 10 tokens per second";
  EXPECT_DOUBLE_EQ(row.speedup, 2.5);
  EXPECT_DOUBLE_EQ(row.bytes_per_token, 8e9 / 40);
  EXPECT_DOUBLE_EQ(row.gbps, 4);
  EXPECT_DOUBLE_EQ(row.gops, 20);
  EXPECT_EQ(row.limit, "read 10.0 GB/s");
  EXPECT_NEAR(row.share_of_limit, 0.4, kRounding);
}

TEST(BenchRow, WithoutABaselineThereIsNoSpeedup) {
  BenchMeasurement measurement;
  measurement.task.tokens = 1;
  measurement.timing = {.median = 1, .seconds = {1}};
  const BenchRow row = bench_row("m", 1, measurement, {});
  EXPECT_TRUE(std::isnan(row.speedup));
  EXPECT_EQ(row.tokens_per_s_std, 0);
}

TEST(RunBench, TimesEveryFormatInEveryTest) {
  Gpt model(tiny_config(Architecture::llama));
  initialize(model, 1);
  const std::vector<BenchFormat> formats = find_bench_formats({"fp32", "int8", "int4"});
  const BenchOptions options{.prompt = {8}, .generate = {4}, .batch = {1, 2}, .depth = {0, 5}, .repetitions = 2};
  NullProgress progress;
  const BenchReport report = run_bench("tiny", model, formats, options, progress);
  std::vector<std::string> got;
  for (const BenchRow& row : report.rows) {
    got.push_back(row.test + " " + row.format);
    EXPECT_GT(row.tokens_per_s, 0);
    EXPECT_GT(row.share_of_limit, 0);
    EXPECT_GT(row.speedup, 0);
    EXPECT_EQ(row.model, "tiny");
  }
  std::vector<std::string> expected;
  for (const char* test : {"pp8", "tg4", "tg4 @ d5", "pp8 b2", "tg4 b2", "tg4 b2 @ d5"}) {
    for (const char* format : {" fp32", " int8", " int4"}) {
      expected.push_back(std::string(test) + format);
    }
  }
  EXPECT_EQ(got, expected);
  EXPECT_EQ(report.rows[0].speedup, 1.0);
  EXPECT_LT(report.rows[1].bytes_per_token, report.rows[0].bytes_per_token);
  EXPECT_GT(report.machine.peak_fp32_gflops, 0);
  EXPECT_THROW(run_bench("tiny", model, {}, options, progress), Error);
}

/// Counts reports, and throws at one of them.
struct StoppingProgress final : ProgressSink {
  void update(const ProgressUpdate& update) override {
    last = update.done;
    total = update.total;
    if (++reports == stop_at) {
      throw Error(ErrorKind::interrupted, "stopped");
    }
  }
  void finish(const ProgressUpdate&) override {}
  void note(std::string_view) override {}

  int reports = 0, stop_at = 0;
  std::int64_t last = 0, total = 0;
};

TEST(RunBench, CanBeStoppedBeforeEveryRunAndWhileItPrepares) {
  Gpt model(tiny_config(Architecture::llama));
  initialize(model, 1);
  const std::vector<BenchFormat> formats = find_bench_formats({"fp32", "int8"});
  const BenchOptions options{.prompt = {0}, .generate = {4}, .depth = {5}, .repetitions = 3};
  StoppingProgress all;
  run_bench("tiny", model, formats, options, all);
  EXPECT_EQ(all.reports, 2 * (1 + 1 + 1 + 3)) << "each format is made, fills its cache, warms up and runs 3 times";
  EXPECT_EQ(all.last, 5);
  EXPECT_EQ(all.total, 6);
#if defined(__SANITIZE_ADDRESS__)
  constexpr int kStep = 4;  // each time the limits of the machine are measured, which takes seconds here
#else
  constexpr int kStep = 1;
#endif
  for (int stop_at = 1; stop_at <= all.reports; stop_at += kStep) {
    StoppingProgress stopping;
    stopping.stop_at = stop_at;
    EXPECT_THROW(run_bench("tiny", model, formats, options, stopping), Error) << stop_at;
    EXPECT_EQ(stopping.reports, stop_at);
  }
}

TEST(RunBench, LeavesTheModelAsItWas) {
  Gpt model(tiny_config(Architecture::gpt2));
  initialize(model, 1);
  const std::vector<float> before = model.parameters().front().parameter->value().to_vector();
  NullProgress progress;
  const std::vector<BenchFormat> formats = find_bench_formats({"int8"});
  const BenchReport report =
      run_bench("tiny", model, formats, {.prompt = {4}, .generate = {0}, .repetitions = 1}, progress);
  EXPECT_EQ(model.parameters().front().parameter->value().to_vector(), before);
  ASSERT_EQ(report.rows.size(), 1U);
  EXPECT_TRUE(std::isnan(report.rows[0].speedup));
}

}  // namespace
}  // namespace octet::bench_test
