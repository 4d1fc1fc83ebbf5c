#include "report/labs/natural_outliers.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files/read_file.h"
#include "eval/outliers/inject.h"
#include "eval/outliers/layer_outliers.h"
#include "report/charts/gnuplot.h"
#include "tests/eval/tiny_models.h"
#include "tests/support/temporary_folder.h"
#include "text/bpe_trainer.h"

namespace octet::natural_outliers_test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Tokenizer letters() {
  return Tokenizer(train_bpe(std::vector<std::string_view>{"abcd"}, kSmallestVocabulary));
}

/// A model of bytes whose channel 9 of the norms is 2^9 times as large in block 1.
std::unique_ptr<Gpt> model_with_a_large_channel() {
  GptConfig config = tiny_llama();
  config.vocabulary = kSmallestVocabulary;
  config.width = 64;  // one channel can then lie 8 standard deviations out
  auto model = std::make_unique<Gpt>(config);
  fill_randomly(*model, 5);
  inject_outliers(*model, {.channels = {9}, .layers = {1}, .exponent = 9});
  return model;
}

NaturalVariant measured(double threshold) {
  const auto model = model_with_a_large_channel();
  NaturalVariant variant;
  measure_natural_outliers(variant, *model, letters(), tiny_windows(6, 10), {.threshold = threshold}, 64);
  return variant;
}

TEST(NaturalOutliers, NamesTheLayerTheChannelAndTheTokens) {
  const NaturalVariant variant = measured(3);
  const WorstLayer& worst = variant.worst;
  EXPECT_THAT(worst.layer, testing::StartsWith("blocks.1."));
  ASSERT_EQ(worst.channels.size(), 1u) << "the planted one alone";
  EXPECT_EQ(worst.channels[0].name, "9");
  EXPECT_EQ(worst.channels[0].share, 1);
  EXPECT_GT(worst.beyond, 0);
  EXPECT_EQ(worst.values, 6 * 10 * 64);
  ASSERT_EQ(worst.tokens.size(), WorstLayer::kMostShares);
  double shares = 0;
  for (const OutlierShare& token : worst.tokens) {
    EXPECT_GT(token.share, 0);
    EXPECT_GT(token.text_share, 0);
    EXPECT_GE(token.share, worst.tokens.back().share);
    shares += token.share;
  }
  EXPECT_LE(shares, 1 + 1e-12);
}

/// The same numbers as the census counts.
TEST(NaturalOutliers, CountsAsTheReportDoes) {
  const auto model = model_with_a_large_channel();
  const OutlierOptions options = {.threshold = 3};
  const auto layers = activation_outliers(*model, tiny_windows(6, 10), options);
  const NaturalVariant variant = measured(3);
  double kurtosis = 0;
  const OutlierStats* worst = &layers.front();
  for (const OutlierStats& layer : layers) {
    kurtosis += layer.kurtosis / static_cast<double>(layers.size());
    if (layer.max_over_std > worst->max_over_std) worst = &layer;
  }
  EXPECT_EQ(variant.worst.layer, worst->layer);
  EXPECT_EQ(variant.worst.beyond, worst->beyond_sigma);
  EXPECT_EQ(variant.worst.max_over_std, worst->max_over_std);
  EXPECT_NEAR(variant.mean_kurtosis, kurtosis, 1e-9);
}

TEST(NaturalOutliers, ThereMayBeNone) {
  const NaturalVariant variant = measured(1000);
  EXPECT_EQ(variant.worst.beyond, 0);
  EXPECT_TRUE(variant.worst.channels.empty());
  EXPECT_TRUE(std::isnan(variant.worst.share_first));
}

NaturalLab sample_lab() {
  NaturalLab lab;
  lab.name = "my <lab>";
  lab.threshold = 6;
  lab.steps = 700;
  lab.parameters = 500'000;
  lab.variants.push_back({"plain", {}, 12.5, 40, {}, {}, "plain/report.html"});
  lab.variants.back().worst = {"blocks.1.mlp.down",    44.4, 812, 10'000, 120, 0.25, {{"17", 0.75, kNotMeasured}},
                               {{",\n<u>", 0.5, 0.07}}};
  lab.variants.back().models = {{"static", 13, {0.04, 0.03, 0.05}}, {"per-token", 12.6, {0.008, 0.007, 0.009}}};
  lab.variants.push_back(lab.variants.back());
  lab.variants.back().name = "gate";
  lab.variants.back().set = {"model.attention_gate=true"};
  lab.variants.back().perplexity = 12.75;
  lab.variants.back().worst.max_over_std = 11.1;
  lab.variants.back().worst.beyond = 0;
  return lab;
}

TEST(NaturalOutliers, PagesHoldNumbersChartAndWords) {
  const sample::TemporaryFolder folder;
  NaturalLab lab = sample_lab();
  draw_natural_lab(lab, folder.path());
  write_natural_lab(folder.path(), lab);
  const std::string html = read_text_file(folder.path() / "natural-outliers.html");
  const std::string markdown = read_text_file(folder.path() / "natural-outliers.md");
  EXPECT_THAT(html, HasSubstr("my &lt;lab&gt;"));
  EXPECT_THAT(html, Not(HasSubstr("<u>")));
  EXPECT_THAT(html, HasSubstr(",\\n&lt;u&gt;"));
  for (const std::string& page : {html, markdown, natural_lab_table(lab)}) {
    EXPECT_THAT(page, HasSubstr("44.4"));
    EXPECT_THAT(page, HasSubstr("+4.00 %"));
    EXPECT_THAT(page, HasSubstr("11.1 standard deviations where plain has 44.4; its perplexity is +2.00 % beside"));
  }
  for (const std::string& page : {html, markdown}) {
    EXPECT_THAT(page, HasSubstr("Channels with most of them: 17 (75 %)."));
    EXPECT_THAT(page, HasSubstr("At the first position of a window: 25 %."));
    EXPECT_THAT(page, HasSubstr("none of its 10,000 values lies beyond 6 standard deviations"));
  }
  EXPECT_THAT(html, HasSubstr(charts_available().available ? "<svg" : "The chart was left out"));
}

TEST(NaturalOutliers, SaysWhereNothingHelped) {
  NaturalLab lab = sample_lab();
  lab.variants[1].worst.max_over_std = 40;  // less than the first, but not by much
  EXPECT_THAT(natural_lab_table(lab),
              HasSubstr("No change halves the largest outlier of plain, which lies 44.4 standard deviations out"));
}

}  // namespace
}  // namespace octet::natural_outliers_test
