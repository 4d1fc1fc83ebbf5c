#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/number_text.h"
#include "report/run/sections/verdict.h"
#include "report/run/summary.h"
#include "tests/report/sample_report.h"

namespace octet::text_test {
namespace {

using ::testing::HasSubstr;

TEST(ReportFormat, NumbersLookTheSameEverywhere) {
  EXPECT_EQ(format_change(0.03071), "+3.07 %");
  EXPECT_EQ(format_change(-0.0002), "-0.02 %");
  EXPECT_EQ(format_change(-0.00001), "0.00 %") << "what rounds to zero has no sign";
  EXPECT_EQ(format_percent(0.2568, 1), "25.7 %");
  EXPECT_EQ(format_megabytes(8421376), "8.42 MB");
  EXPECT_EQ(format_integer(1234567), "1,234,567");
  EXPECT_EQ(format_integer(-999), "-999");
  EXPECT_EQ(format_integer(-1000), "-1,000");
  EXPECT_EQ(format_rate(21400.4), "21,400");
  EXPECT_EQ(format_rate(3.14), "3.1");
  EXPECT_EQ(format_times(2.269), "2.27×");
  EXPECT_EQ(format_divergence(0), "0");
  EXPECT_EQ(format_divergence(0.000213), "2.1e-04");
  EXPECT_EQ(format_divergence(0.0311), "0.0311");
  EXPECT_EQ(format_fixed(kNotMeasured, 3), "n/a");
  EXPECT_EQ(format_change(kNotMeasured), "n/a");
}

TEST(ReportVerdict, TellsChanceFromLoss) {
  EXPECT_EQ(judge_difference({0.0002, -0.0001, 0.0005}), Difference::none);
  EXPECT_EQ(judge_difference({0.03, 0.02, 0.04}), Difference::real_loss);
  EXPECT_EQ(judge_difference({-0.03, -0.04, -0.02}), Difference::real_gain);
  EXPECT_EQ(judge_difference({0, 0, 0}), Difference::none);
  EXPECT_EQ(judge_difference({}), Difference::unknown);
}

TEST(ReportVerdict, SentencesFollowTheNumbers) {
  Report report = sample::report();
  const std::vector<Verdict> verdicts = judge_models(report);
  ASSERT_EQ(verdicts.size(), 2U);
  EXPECT_EQ(
      verdicts[0].quality,
      "Perplexity changed by +0.02 % (95 % interval -0.01 % to +0.05 %). The interval includes 0: on this much text "
      "the difference cannot be told from chance.");
  EXPECT_EQ(verdicts[0].size, "The file takes 25.7 % of the FP32 file: 3.9 times smaller, 8.21 bits per weight.");
  EXPECT_EQ(verdicts[0].speed, "Prefill is 1.59 times as fast as FP32; decode is 2.26 times as fast as FP32.");
  EXPECT_THAT(verdicts[1].quality, HasSubstr("The interval lies above 0: the loss is real, and moderate."));
  EXPECT_THAT(verdicts[1].speed, HasSubstr("Prefill is slower than FP32, at 88 % of its speed"));
  report.models[1].decode_speedup = kNotMeasured;
  EXPECT_THAT(judge_models(report)[0].speed, HasSubstr("decode speed was not measured"));
}

TEST(ReportVerdict, SummaryHasThreeSentences) {
  Report report = sample::report();
  EXPECT_EQ(summarize_run(report).size(), 3U);
  EXPECT_THAT(summarize_run(report)[0], HasSubstr("King James Bible (3.31 MB of text) in 2,000 steps"));
  EXPECT_THAT(summarize_run(report)[1], HasSubstr("int8 and int4"));
  Report many = report;
  while (many.models.size() < 10) many.models.push_back(report.models[1]);
  EXPECT_THAT(summarize_run(many)[1], HasSubstr("fewer bits: 9 versions, of 4.62 to 8.21 bits per weight."))
      << "no list of names";
  report.training = {};
  EXPECT_EQ(summarize_run(report)[0], "A language model was taken as it is.");
}

TEST(ReportCoverage, GroupsAddUpToAllTensors) {
  const std::vector<ReportTensor> coverage = sample::report().models[2].coverage;
  const std::vector<CoverageGroup> groups = group_coverage(coverage);
  ASSERT_EQ(groups.size(), 3U);
  EXPECT_EQ(groups[0].scheme, "int4, groups of 64");
  EXPECT_EQ(groups[0].tensors, 28);
  EXPECT_EQ(groups[2].reason, "one-dimensional: too small to matter");
  std::int64_t tensors = 0;
  for (const CoverageGroup& group : groups) tensors += group.tensors;
  EXPECT_EQ(tensors, static_cast<std::int64_t>(coverage.size()));
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

TEST(ReportTable, ColumnsAlign) {
  const std::vector<std::string> lines = lines_of(report_table(sample::report()));
  ASSERT_EQ(lines.size(), 6U);
  for (std::size_t i = 2; i < lines.size(); ++i) EXPECT_EQ(lines[i].size(), lines[2].size()) << lines[i];
  EXPECT_LE(lines[2].size(), 115U);
  const std::size_t perplexity_end = lines[0].find("perplexity") + std::string("perplexity").size();
  EXPECT_EQ(lines[3].substr(perplexity_end - 6, 6), "13.204");
  EXPECT_EQ(lines[5].substr(perplexity_end - 6, 6), "13.610");
}

/// Long and non-ASCII names and missing or huge numbers must not push the columns apart.
TEST(ReportTable, StaysAlignedForOddModels) {
  Report report = sample::report();
  report.models[1].name = "größe_of_a_recipe_with_a_long_name";
  report.models[2] = ReportModel{};
  report.models[2].name = "n";
  report.models[0].perplexity = 123456.789;
  const std::vector<std::string> lines = lines_of(report_table(report));
  EXPECT_THAT(lines[4], ::testing::StartsWith("größe_of_a_recip.. "));
  EXPECT_EQ(lines[3].size(), lines[2].size());
  EXPECT_EQ(lines[4].size(), lines[2].size() + 2) << "two of its characters take two bytes";
  EXPECT_THAT(lines[5], HasSubstr("n/a"));
  EXPECT_LE(lines[2].size(), 115U);
}

}  // namespace
}  // namespace octet::text_test
