#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "eval/explain/explain.h"
#include "eval/explain/rules.h"

namespace octet::explain_rules_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

/// A layer in which channel 17 reaches 61 and all others 5, as a planted outlier makes it.
LayerFacts outlier_layer() {
  LayerFacts f;
  f.layer = "blocks.3.mlp.down";
  f.rows = 2048;
  f.channels = 512;
  f.outputs = 192;
  f.std = 1;
  f.max_abs = 61;
  f.largest_channel = 17;
  f.other_max = 4.88;
  f.largest_in = 0.97;
  f.usual_range = 40;
  f.beyond_six = 0.002;
  f.clip = 1;
  f.smoothing_alpha = 0.5;
  f.inputs = {{InputMethod::fixed, 0.010, 0.0098, ""},         {InputMethod::fixed_asymmetric, 0.010, 0.0098, ""},
              {InputMethod::fixed_clipped, 0.010, 0.0098, ""}, {InputMethod::batch, 0.010, 0.0097, ""},
              {InputMethod::token, 0.0095, 0.0096, ""},        {InputMethod::channel, 0.0002, 0.0002, "in FP32"},
              {InputMethod::smoothed, 0.0019, 0.002156, ""},   {InputMethod::rotated, 0.002, 0.002, ""},
              {InputMethod::split, 0.0003, 0.0003, ""}};
  f.weights = {{WeightMethod::tensor8, 0.0002, 0.0002, ""},  {WeightMethod::row8, 0.0001, 0.0001, ""},
               {WeightMethod::tensor4, 0.08, 0.08, ""},      {WeightMethod::row4, 0.03, 0.03, ""},
               {WeightMethod::group4, 0.01, 0.01, ""},       {WeightMethod::minimum4, 0.009, 0.009, ""},
               {WeightMethod::searched4, 0.007, 0.0072, ""}, {WeightMethod::table4, 0.006, 0.006, ""}};
  return f;
}

std::string text_of(const LayerFacts& facts, const std::string& rule) {
  for (const LayerVerdict& verdict : verdicts(facts)) {
    if (verdict.rule == rule) return verdict.text;
  }
  return "";
}

InputError& error_of(LayerFacts& facts, InputMethod method) {
  return *std::find_if(facts.inputs.begin(), facts.inputs.end(), [&](const auto& e) { return e.method == method; });
}

TEST(ExplainRules, OneChannelThatTakesTheRangeIsNamedWithItsShare) {
  EXPECT_EQ(text_of(outlier_layer(), "range"),
            "Channel 17 alone uses 92 % of the range of the inputs: it reaches 61, all others at most 4.88.");
  LayerFacts shared = outlier_layer();
  shared.other_max = 60;
  EXPECT_THAT(text_of(shared, "range"), HasSubstr("The range is shared"));
  shared.usual_range = 8;
  EXPECT_THAT(text_of(shared, "range"),
              HasSubstr("Few tokens use the range: the largest input is 61, in channel 17, but "
                        "half of the tokens stay within 8."));
}

TEST(ExplainRules, AScalePerTokenCannotHelpWhereEachTokenHasTheOutlier) {
  EXPECT_EQ(
      text_of(outlier_layer(), "token"),
      "A scale per token cannot help: channel 17 is the largest in 97 % of the tokens, and the scale of each must "
      "reach it. It is predicted to remove 5 % of the error and removed 2 %.");
  LayerFacts rare = outlier_layer();
  rare.largest_in = 0.1;
  EXPECT_THAT(text_of(rare, "token"), HasSubstr("helps little"));
  error_of(rare, InputMethod::token).measured = 0.002;
  EXPECT_THAT(text_of(rare, "token"), HasSubstr("helps, for half of the tokens reach at most 40 of 61"));
}

TEST(ExplainRules, SmoothingSaysWhatWasPredictedAndWhatCame) {
  EXPECT_EQ(
      text_of(outlier_layer(), "smoothing"),
      "Smoothing, which moves a part of the range of the inputs into the weights (alpha 0.5, the best of those tried), is "
      "predicted to remove 81 % of the error and removed 78 %.");
  LayerFacts worse = outlier_layer();
  error_of(worse, InputMethod::smoothed) = {InputMethod::smoothed, 0.012, 0.0147, ""};
  EXPECT_THAT(text_of(worse, "smoothing"), HasSubstr("is predicted to add 20 % to the error and added 50 %"));
  error_of(worse, InputMethod::smoothed) = {InputMethod::smoothed, kNotMeasured, kNotMeasured, "not possible: because"};
  EXPECT_EQ(text_of(worse, "smoothing"), "Smoothing is not possible: because.");
}

TEST(ExplainRules, WithoutLargeInputsNoChannelIsKept) {
  EXPECT_THAT(text_of(outlier_layer(), "split"), HasSubstr("for 0.200 % of the values, is predicted to remove 97 %"));
  LayerFacts even = outlier_layer();
  even.beyond_six = 0;
  EXPECT_THAT(text_of(even, "split"), HasSubstr("changes nothing: no input reaches its threshold of 6"));
}

TEST(ExplainRules, ClippingPaysOnlyWhereTheFormulaHasAMinimumWithinTheRange) {
  EXPECT_THAT(text_of(outlier_layer(), "clipping"), HasSubstr("Clipping does not pay"));
  LayerFacts clipped = outlier_layer();
  clipped.clip = 0.34;
  EXPECT_THAT(text_of(clipped, "clipping"), HasSubstr("Clipping the inputs at 34 % of the range"));
}

TEST(ExplainRules, TheBestIsOneThatAnIntegerProductCanUse) {
  EXPECT_EQ(text_of(outlier_layer(), "best"),
            "Least is lost by: outlier channels in FP32, 0.03 %, 32.7 times less than by one static scale.")
      << "a scale per channel loses less, and no integer product has it";
}

TEST(ExplainRules, AFormulaThatMissedIsNamed) {
  EXPECT_THAT(text_of(outlier_layer(), "formula"), HasSubstr("no prediction is more than 12 % from what was measured"));
  LayerFacts missed = outlier_layer();
  error_of(missed, InputMethod::rotated).measured = 0.004;
  EXPECT_THAT(text_of(missed, "formula"), HasSubstr("missed by more than 15 %"));
  EXPECT_THAT(text_of(missed, "formula"), HasSubstr("rotated (-50.00 %)"));
  EXPECT_DOUBLE_EQ(worst_prediction(missed), 0.5);
}

TEST(ExplainRules, ALayerOfZerosHasOneVerdict) {
  LayerFacts zeros;
  ASSERT_EQ(verdicts(zeros).size(), 1U);
  EXPECT_EQ(verdicts(zeros)[0].rule, "zero");
  EXPECT_EQ(worst_prediction(zeros), 0);
}

TEST(ExplainRules, TheMostTellingLayersAreTheWorstOfEachKind) {
  std::vector<LayerFacts> layers(5, outlier_layer());
  const char* names[] = {"blocks.0.mlp.up", "blocks.0.mlp.down", "blocks.1.mlp.up", "blocks.1.mlp.down", "embedding"};
  const double errors[] = {0.02, 0.5, 0.01, 0.4, 0.001};
  for (std::size_t i = 0; i < layers.size(); ++i) {
    layers[i].layer = names[i];
    layers[i].inputs.front().measured = errors[i];
  }
  std::vector<std::string> chosen;
  for (const LayerFacts* facts : most_telling(layers, 2)) chosen.push_back(facts->layer);
  EXPECT_THAT(chosen, ElementsAre("blocks.0.mlp.up", "blocks.0.mlp.down"));
  EXPECT_EQ(most_telling(layers, 9).size(), 3U);
}

}  // namespace
}  // namespace octet::explain_rules_test
