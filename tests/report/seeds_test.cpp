#include "report/run/sections/seeds.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "tests/report/sample_report.h"

namespace octet::seeds_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

/// The sample report with other perplexities.
Report measured(double fp32, double int8, double int4) {
  Report report = sample::report();
  report.seeds.reset();
  report.models[0].perplexity = fp32;
  report.models[1].perplexity = int8;
  report.models[2].perplexity = int4;
  return report;
}

ReportSeedStep step(std::vector<double> values, double low, double high) {
  return {"a", "b", {std::move(values), 0, {0, low, high}}};
}

TEST(CompareSeeds, EachModelStandsBesideFp32OfItsOwnSeed) {
  const std::vector<Report> reports = {measured(10, 10.1, 11), measured(20, 20.4, 22), measured(40, 40.4, 48)};
  const ReportSeeds seeds = compare_seeds(reports, {5, 6, 7}, true);
  EXPECT_THAT(seeds.seeds, ElementsAre(5, 6, 7));
  EXPECT_THAT(seeds.models[2].perplexity.values, ElementsAre(11, 22, 48));
  EXPECT_DOUBLE_EQ(seeds.models[2].perplexity.mean.mean, 27);
  constexpr double kRounding = 1e-12;
  EXPECT_NEAR(seeds.models[2].ppl_increase.values[1], 0.1, kRounding);
  EXPECT_NEAR(seeds.models[2].ppl_increase.values[2], 0.2, kRounding);
  // 0.1, 0.1, 0.2: mean 0.1333, deviation 0.05774, and t of 2 degrees of freedom is 4.3027.
  EXPECT_NEAR(seeds.models[2].ppl_increase.std, 0.0577350, 1e-7);
  EXPECT_NEAR(seeds.models[2].ppl_increase.mean.high, 0.133333 + 4.302653 * 0.0577350 / std::sqrt(3.0), 1e-6);
  EXPECT_THAT(seeds.models[0].ppl_increase.values, ElementsAre(0, 0, 0));
  ASSERT_EQ(seeds.comparisons.size(), 2u) << "those of the first report";
  EXPECT_NEAR(seeds.comparisons[1].ppl_increase.values[2], 48 / 40.4 - 1, kRounding);
}

TEST(CompareSeeds, NeedsTheSameModels) {
  std::vector<Report> reports = {measured(10, 10.1, 11), measured(20, 20.4, 22)};
  reports[1].models.pop_back();
  EXPECT_THROW(compare_seeds(reports, {1, 2}, true), Error);
  EXPECT_THROW(compare_seeds(std::span(reports).first(1), {1}, true), Error);
}

TEST(JudgeStep, SaysWhatEverySeedHas) {
  EXPECT_EQ(judge_step(step({0.01, 0.012, 0.011}, 0.009, 0.013)), SeedVerdict::holds);
  EXPECT_EQ(judge_step(step({0.001, 0.03, 0.002}, -0.02, 0.05)), SeedVerdict::too_few);
  EXPECT_EQ(judge_step(step({0.01, 0.01, 0.01}, 0.01, 0.01)), SeedVerdict::undrawn) << "an interval without width";
  EXPECT_EQ(judge_step(step({0.01, -0.001, 0.02}, -0.02, 0.04)), SeedVerdict::disagree);
  EXPECT_EQ(judge_step(step({0, 0, 0}, 0, 0)), SeedVerdict::same);
  EXPECT_EQ(judge_step(step({0.01, INFINITY}, NAN, NAN)), SeedVerdict::unknown);
  EXPECT_EQ(judge_step(step({0.01}, NAN, NAN)), SeedVerdict::unknown);
}

TEST(SeedsSection, SaysWhatHoldsAndHowFewSeedsThereAre) {
  const std::string text = report_to_markdown(sample::report());
  EXPECT_THAT(text, HasSubstr("## Another seed"));
  EXPECT_THAT(text, HasSubstr("trained, quantized and evaluated 3 times, with the seeds 1, 2, 3"));
  EXPECT_THAT(text, HasSubstr("the interval leaves 0 out: int4 is worse than int8."));
  EXPECT_THAT(text, HasSubstr("so few may agree by chance: int8 is worse than fp32."));
  EXPECT_THAT(text, HasSubstr("t distribution with 2 degrees of freedom: they reach 2.48 standard deviations"));
  EXPECT_THAT(text, HasSubstr("by chance once in 4 times"));
  EXPECT_THAT(text, HasSubstr("| int8 | 13.207 | 13.311 | 13.125 | 13.214 ± 0.093 | +0.02 % ± 0.01 % |"));
}

TEST(SeedsSection, OfAGivenModelSaysWhatDiffers) {
  Report report = sample::report();
  report.seeds->trained = false;
  const std::string text = report_to_markdown(report);
  EXPECT_THAT(text, HasSubstr("says nothing about other trainings"));
  EXPECT_THAT(text, Not(HasSubstr("From seed to seed the perplexity of FP32")));
}

/// report.json may come from elsewhere: pages of a strange one must still be written.
TEST(SeedsSection, StaysAwayWhereThereIsNothingToSay) {
  Report report = sample::report();
  report.seeds->seeds = {1};
  EXPECT_THAT(report_to_markdown(report), Not(HasSubstr("Another seed")));
  report.seeds->seeds = {1, 2};
  report.seeds->models.clear();
  EXPECT_THAT(report_to_markdown(report), Not(HasSubstr("Another seed")));
  report.seeds = sample::report().seeds;
  report.seeds->models[1].name = report.seeds->comparisons[0].worse = "unknown";
  EXPECT_THAT(report_to_markdown(report), HasSubstr("n/a to n/a"));
}

}  // namespace
}  // namespace octet::seeds_test
