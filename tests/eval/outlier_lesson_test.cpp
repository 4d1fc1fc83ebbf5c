#include <gtest/gtest.h>

#include "eval/outliers/inject.h"
#include "eval/score/named_model.h"
#include "eval/score/window_batches.h"
#include "quant/apply_recipe.h"
#include "quant/calibrate.h"
#include "tests/eval/tiny_models.h"

namespace octet::outlier_lesson_test {
namespace {

/// Weights large enough for the model to prefer some tokens.
void make_model(Gpt& model) {
  initialize(model, 6);
  for (const auto& [path, parameter] : model.parameters()) {
    if (parameter->value().rank() == 2) {
      for (float& value : parameter->value().span<float>()) {
        value *= 10.0F;
      }
    }
  }
}

// The whole chain on the smallest scale: the same function, with and without planted outliers, in FP32 and with int8
// weights and activations.
TEST(OutlierLesson, PlantedOutliersCostNothingInFp32AndPrecisionInInt8) {
  const GptConfig config = tiny_config(Architecture::llama);
  const OutlierInjection injection{.channels = {2, 9}, .layers = {}, .exponent = 9};
  Recipe int8;
  int8.activations = Activations::dynamic;

  Gpt fp32(config), planted_fp32(config), plain_int8(config), planted_int8(config);
  for (Gpt* model : {&fp32, &planted_fp32, &plain_int8, &planted_int8}) {
    make_model(*model);
  }
  inject_outliers(planted_fp32, injection);
  inject_outliers(planted_int8, injection);
  apply_recipe(plain_int8, int8);
  apply_recipe(planted_int8, int8);

  const std::vector<EvaluatedModel> models = {
      NamedModel{"fp32", &fp32}.evaluated(), NamedModel{"planted fp32", &planted_fp32}.evaluated(),
      NamedModel{"int8", &plain_int8}.evaluated(), NamedModel{"planted int8", &planted_int8}.evaluated()};
  const auto results = evaluate(models, tiny_windows(8, 16));

  EXPECT_EQ(results[1].kl.max, 0.0) << "the same logits, bit for bit";
  EXPECT_GT(results[2].kl.mean, 0.0);
  constexpr double kMuchWorse = 50;  // measured 5,400: KL 3.8e-5 and 0.20
  EXPECT_GT(results[3].kl.mean, kMuchWorse * results[2].kl.mean);
  EXPECT_LT(results[3].top1_agreement, results[2].top1_agreement);
}

// The ladder of activation schemes: one scale per layer, one per token, outliers apart.
TEST(OutlierLesson, StaticScalesSufferMostAndTheSplitLeast) {
  const GptConfig config = tiny_config(Architecture::llama);
  const auto windows = tiny_windows(8, 16);
  Gpt fp32(config), fixed(config), dynamic(config), split(config);
  for (Gpt* model : {&fp32, &fixed, &dynamic, &split}) {
    make_model(*model);
    inject_outliers(*model, {.channels = {2, 9}, .layers = {}, .exponent = 6});
  }
  Recipe recipe;
  recipe.activations = Activations::static_scale;
  apply_recipe(fixed, recipe, calibrate(fp32, input_batches(windows, 4096)));
  recipe.activations = Activations::dynamic;
  apply_recipe(dynamic, recipe);
  recipe.activations = Activations::outlier_split;
  apply_recipe(split, recipe);

  const std::vector<EvaluatedModel> models = {
      NamedModel{"fp32", &fp32}.evaluated(), NamedModel{"static", &fixed}.evaluated(),
      NamedModel{"dynamic", &dynamic}.evaluated(), NamedModel{"split", &split}.evaluated()};
  const auto results = evaluate(models, windows);
  EXPECT_GT(results[1].kl.mean, results[2].kl.mean) << "static worse than dynamic";
  EXPECT_GT(results[2].kl.mean, results[3].kl.mean) << "dynamic worse than the split";
  RecordProperty("kl", fmt::format("static {:.3g}, dynamic {:.3g}, split {:.3g}", results[1].kl.mean,
                                   results[2].kl.mean, results[3].kl.mean));
}

}  // namespace
}  // namespace octet::outlier_lesson_test
