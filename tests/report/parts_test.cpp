#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "eval/outliers/outliers.h"
#include "eval/score/evaluator.h"
#include "eval/score/paired.h"
#include "eval/speed/size.h"
#include "quant/apply_recipe.h"
#include "report/run/report.h"

namespace octet::parts_test {
namespace {

Evaluation evaluation(const std::string& name, const std::vector<double>& window_nll) {
  Evaluation result;
  result.name = name;
  for (const double nll : window_nll) {
    WindowScore window;
    window.tokens = 10;
    window.nll = nll;
    result.windows.push_back(window);
    result.nll += nll / (10.0 * static_cast<double>(window_nll.size()));
  }
  result.perplexity = std::exp(result.nll);
  result.kl = {.mean = 0.1, .p50 = 0.05, .p99 = 0.9, .p999 = 1.5, .max = 2.0};
  result.changes = {.tokens = 100, .rms_dp = 0.02, .lost = 6, .gained = 4};
  result.top1_agreement = 0.75;
  return result;
}

TEST(ReportParts, PutPairedDifferences) {
  ReportModel model;
  put_evaluation(model, evaluation("int4", {31, 42, 53}), evaluation("fp32", {30, 40, 50}), {});
  EXPECT_NEAR(model.delta_nll.mean, 0.2, 1e-12);
  EXPECT_GE(model.delta_nll.low, 0.1);
  EXPECT_LE(model.delta_nll.high, 0.3);
  EXPECT_NEAR(model.ppl_increase.mean, std::expm1(0.2), 1e-12);
  EXPECT_EQ(model.kl_divergence.p99, 0.9);
  EXPECT_EQ(model.kl_divergence.max, 2.0);
  EXPECT_EQ(model.kl_divergence.p50, 0.05);
  EXPECT_EQ(model.kl_divergence.p999, 1.5);
  EXPECT_EQ(model.token_changes.rms_dp, 0.02);
  EXPECT_EQ(model.token_changes.lost, 6);
  EXPECT_DOUBLE_EQ(model.token_changes.accuracy_change.mean, -0.02);
  EXPECT_EQ(model.top1_agreement, 0.75);
}

TEST(ReportParts, LeaveTheIntervalOfOneWindowUnmeasured) {
  ReportModel model;
  put_evaluation(model, evaluation("int4", {31}), evaluation("fp32", {30}), {});
  EXPECT_NEAR(model.delta_nll.mean, 0.1, 1e-12);
  EXPECT_TRUE(std::isnan(model.delta_nll.low));
  EXPECT_TRUE(std::isnan(model.ppl_increase.high));
}

/// Neighbours by perplexity, whatever the order in which they were evaluated; FP32 is one of them.
TEST(ReportParts, CompareEachModelWithTheNextBetterOne) {
  const std::vector<Evaluation> evaluations = {evaluation("fp32", {30, 40, 50}), evaluation("int2", {60, 70, 80}),
                                               evaluation("int8", {29, 41, 50}), evaluation("int4", {33, 43, 53})};
  const std::vector<ReportComparison> steps = compare_neighbours(evaluations, {});
  ASSERT_EQ(steps.size(), 3U);
  EXPECT_EQ(steps[0].better + " " + steps[0].worse, "fp32 int8");
  EXPECT_EQ(steps[1].better + " " + steps[1].worse, "int8 int4");
  EXPECT_EQ(steps[2].better + " " + steps[2].worse, "int4 int2");
  EXPECT_LT(steps[0].ppl_increase.low, 0) << "chance: one window better, one worse";
  EXPECT_GT(steps[2].ppl_increase.low, 0);
  EXPECT_TRUE(compare_neighbours(std::vector{evaluation("a", {1}), evaluation("b", {2})}, {}).empty());
}

TEST(ReportParts, PutSizes) {
  ModelSize fp32;
  fp32.file_bytes = 4100;
  fp32.header = 100;
  fp32.parameters = 1000;
  ModelSize int8 = fp32;
  int8.file_bytes = 1230;
  int8.header = 130;
  int8.codes = 900;
  ReportModel model;
  put_size(model, int8, fp32);
  EXPECT_DOUBLE_EQ(model.size_ratio, 0.3);
  EXPECT_DOUBLE_EQ(model.bits_per_weight, 8.8);
  EXPECT_EQ(model.size.codes, 900);
}

TEST(ReportParts, PutEveryTensorAndTheErrorsOfQuantizedOnes) {
  Coverage coverage;
  coverage.rows.push_back({.path = "norm.gain", .shape = {12}, .scheme = "fp32", .reason = "a norm", .bytes = 48});
  coverage.rows.push_back({.path = "head.weight", .shape = {5, 12}, .scheme = "int8 per_channel", .bytes = 80});
  coverage.rows.back().error.mse = 0.5;
  coverage.rows.back().error.snr_db = 40;
  ReportModel model;
  put_coverage(model, coverage);
  put_layer_errors(model, coverage);
  ASSERT_EQ(model.coverage.size(), 2U);
  EXPECT_EQ(model.coverage[0].reason, "a norm");
  EXPECT_EQ(model.coverage[1].values, 60);
  EXPECT_EQ(model.coverage[1].bytes, 80);
  ASSERT_EQ(model.layer_errors.size(), 1U);
  EXPECT_EQ(model.layer_errors[0].layer, "head.weight");
  EXPECT_EQ(model.layer_errors[0].snr_db, 40);
}

TEST(ReportParts, FindTheWorstLayer) {
  std::vector<OutlierStats> stats(3);
  stats[0].max_over_std = 3;
  stats[1].layer = "blocks.0.mlp.down";
  stats[1].max_over_std = 40;
  stats[1].moments = {200, 0.0, 800.0};
  stats[1].beyond_sigma = 4;
  stats[2].max_over_std = 7;
  Report report;
  report.sigma_threshold = 5;
  report.outliers = report_outliers(stats, "activations");
  EXPECT_EQ(worst_activations(report).layer, "blocks.0.mlp.down");
  const ReportOutliers row = report.outliers[1];
  EXPECT_EQ(row.kind, "activations");
  EXPECT_EQ(row.std, 2.0);
  EXPECT_EQ(row.share_sigma, 0.02);
  EXPECT_EQ(activation_chart(report).layers[1].share_sigma, 0.02);
  EXPECT_EQ(activation_chart(report).sigma_threshold, 5);
  report.outliers = report_outliers(stats, "weights");
  EXPECT_TRUE(activation_chart(report).layers.empty()) << "the chart and the study are of activations";
  EXPECT_THROW(worst_activations(report), Error);
}

TEST(ReportParts, AttributionIsAlsoTheLossOfLayerErrors) {
  ReportModel model;
  model.layer_errors.resize(2);
  model.layer_errors[0].layer = "blocks.0.mlp.down.weight";
  model.layer_errors[1].layer = "head.weight";
  Attribution attribution;
  attribution.total = 0.3;
  attribution.layers = {{.layer = "blocks.0.mlp.down", .alone = 0.2, .weights = 0.1, .last = 0.2}};
  put_attribution(model, attribution);
  EXPECT_EQ(model.layer_errors[0].delta_nll, 0.2);
  EXPECT_TRUE(std::isnan(model.layer_errors[1].delta_nll));
  EXPECT_EQ(model.attribution.total, 0.3);
}

}  // namespace
}  // namespace octet::parts_test
