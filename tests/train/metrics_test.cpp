#include "train/metrics.h"

#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/files/read_file.h"
#include "tests/support/temporary_folder.h"

namespace octet::metrics_test {
namespace {

MetricsRow row_of(std::int64_t step) {
  MetricsRow row;
  row.step = step;
  row.tokens = step * 4096;
  row.epoch = static_cast<double>(step) / 3.0;
  row.loss = 7.0 / static_cast<double>(step);
  row.lr = 0.02;
  row.grad_norm = 0.1;
  return row;
}

class Metrics : public testing::Test {
 protected:
  sample::TemporaryFolder folder_;
  std::filesystem::path path_ = folder_.path() / "metrics.jsonl";
};

TEST_F(Metrics, RowsReadBackToTheSameBits) {
  MetricsRow row = row_of(3);
  row.val_loss = 1.0 / 3.0;
  row.bpb = 0.1;
  row.ms = 12.345678901234567;
  {
    MetricsLog log(path_, 0);
    log.append(row_of(1));
    log.append(row);
  }
  const auto rows = read_metrics(path_);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_FALSE(rows[0].val_loss);
  EXPECT_EQ(rows[1].val_loss, 1.0 / 3.0);
  EXPECT_EQ(rows[1].loss, row.loss);
  EXPECT_EQ(rows[1].epoch, row.epoch);
  EXPECT_EQ(rows[1].ms, row.ms);
  EXPECT_EQ(to_json_line(rows[1]), to_json_line(row));
}

TEST_F(Metrics, KeysStandInTheOrderOfTheStruct) {
  MetricsRow row;
  row.step = 1;
  row.tokens = 2;
  EXPECT_EQ(to_json_line(row),
            R"({"step":1,"tokens":2,"epoch":0.0,"loss":0.0,"lr":0.0,"grad_norm":0.0,"ms":0.0,"tok_s":0.0,)"
            R"("rss_mb":0.0,"time":0.0})");
}

TEST_F(Metrics, ForgetsRowsAfterTheStepThatTheRunGoesOnFrom) {
  {
    MetricsLog log(path_, 0);
    for (const std::int64_t step : {1, 2, 3, 4}) {
      log.append(row_of(step));
    }
  }
  {
    MetricsLog log(path_, 2);
    EXPECT_EQ(log.rows().size(), 2U);
    log.append(row_of(3));
  }
  const auto rows = read_metrics(path_);
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[2].step, 3);
}

TEST_F(Metrics, AFreshRunStartsEmpty) {
  { MetricsLog(path_, 0).append(row_of(1)); }
  EXPECT_TRUE(MetricsLog(path_, 0).rows().empty());
  EXPECT_EQ(read_text_file(path_), "");
}

TEST_F(Metrics, DropsALineThatACrashCutOff) {
  { MetricsLog(path_, 0).append(row_of(1)); }
  std::ofstream(path_, std::ios::app) << R"({"step":2,"tok)";
  EXPECT_EQ(read_metrics(path_).size(), 1U);
}

TEST_F(Metrics, ABrokenRowIsNamedByFileAndLine) {
  { MetricsLog(path_, 0).append(row_of(1)); }
  std::ofstream(path_, std::ios::app) << "{\"step\":2}\n";
  try {
    read_metrics(path_);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
    EXPECT_THAT(error.what(), testing::HasSubstr(path_.string() + ":2: expected a row of metrics: "));
    EXPECT_THAT(error.what(), testing::HasSubstr("tokens"));
  }
}

TEST(ResidentMemory, IsThatOfThisProcess) {
  // Another file of the system says the same in kilobytes; the process may grow a little between the two.
  std::ifstream status("/proc/self/status");
  double kilobytes = 0.0;
  for (std::string word; status >> word && kilobytes == 0.0;) {
    if (word == "VmRSS:") status >> kilobytes;
  }
  ASSERT_GT(kilobytes, 0.0);
  EXPECT_NEAR(resident_megabytes(), kilobytes / 1024, 0.1 * kilobytes / 1024);
}

}  // namespace
}  // namespace octet::metrics_test
