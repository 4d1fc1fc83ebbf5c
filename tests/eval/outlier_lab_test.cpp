#include "eval/experiments/outlier_lab.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/config/config.h"
#include "base/config/record.h"
#include "eval/experiments/simulated_linear.h"
#include "eval/score/window_batches.h"
#include "quant/calibrate.h"
#include "quant/fp32_model.h"
#include "tests/eval/tiny_models.h"
#include "tests/support/error_of.h"
#include "tests/support/relative_error.h"

namespace octet::outlier_lab_test {
namespace {

constexpr int kTop = 127;

Recipe recipe(const std::string& name, Activations activations, std::vector<TransformKind> transforms = {}) {
  Recipe made;
  made.name = name;
  made.activations = activations;
  made.transforms = std::move(transforms);
  return made;
}

OutlierLabText tiny_text() {
  return {.windows = tiny_windows(8, 12),
          .calibration = [](const CalibrationConfig&) { return input_batches(tiny_windows(12, 12), 64); }};
}

std::unique_ptr<Gpt> tiny_model() {
  auto model = std::make_unique<Gpt>(tiny_config(Architecture::llama));
  fill_randomly(*model, 3);
  return model;
}

double kl_of(const OutlierLab& lab, std::int64_t k, const std::string& scheme) {
  for (const OutlierLabRow& row : lab.rows) {
    if (row.k == k && row.scheme == scheme) return row.kl;
  }
  ADD_FAILURE() << "no row for " << k << " " << scheme;
  return NAN;
}

/// The lesson on the smallest scale.
TEST(OutlierLab, SharingAScaleWithOutliersHurtsAndTakingThemApartDoesNot) {
  const std::vector<Recipe> recipes = {recipe("static", Activations::static_scale),
                                       recipe("smooth", Activations::static_scale, {TransformKind::smooth}),
                                       recipe("per-token", Activations::dynamic)};
  const auto model = tiny_model();
  const std::vector<float> before = model->forward(random_ids(2, 9, 23, 1)).to_vector();
  OutlierLabConfig config;
  config.exponents = {0, 5, 9};
  config.channels = {2, 9};
  const OutlierLab lab = run_outlier_lab(*model, recipes, config, tiny_text(), {}, no_progress());

  EXPECT_TRUE(lab.fp32_bit_identical);
  ASSERT_EQ(lab.rows.size(), 3U * 6U);  // fp32, three recipes, two simulated schemes
  EXPECT_EQ(lab.scored_tokens, 8 * 12);
  for (const std::int64_t k : {0, 9}) EXPECT_EQ(kl_of(lab, k, "fp32"), 0.0);
  EXPECT_EQ(model->forward(random_ids(2, 9, 23, 1)).to_vector(), before) << "the model is as it was";

  constexpr double kRuined = 100;  // times the KL of k = 0; measured 850 (static), 2,600 and 1,060
  for (const char* scheme : {"static", "per-token", "per-tensor"}) {
    EXPECT_GT(kl_of(lab, 9, scheme), kRuined * kl_of(lab, 0, scheme)) << scheme;
  }
  constexpr double kExact = 1e-6;  // smoothing undoes the planting: its factors grow by the same power of two
  EXPECT_NEAR(kl_of(lab, 9, "smooth"), kl_of(lab, 0, "smooth"), kExact * kl_of(lab, 0, "smooth"));
  // A scale for each channel sees no other channel: what is left is the error of the small weights that meet the large
  // one. Measured 0.16 of the KL of one scale for all.
  constexpr double kRescued = 0.3;
  EXPECT_LT(kl_of(lab, 5, "per-channel"), kRescued * kl_of(lab, 5, "per-tensor"));
}

// A norm's factor is large where its consumers' columns are small; values have both in one layer, and FP16 scales end
// at 65504.
TEST(OutlierLab, SaysWhichFactorARecipeCannotTake) {
  Recipe int4 = recipe("int4", Activations::weight_only);
  int4.weights.bits = 4;
  int4.weights.granularity = Granularity::per_channel;
  const auto model = tiny_model();
  OutlierLabConfig config;
  config.exponents = {0, 30};
  config.places = {OutlierPlace::values};
  config.simulated = false;
  EXPECT_THAT(
      error_of(ErrorKind::run, [&] { run_outlier_lab(*model, {{int4}}, config, tiny_text(), {}, no_progress()); }),
      testing::AllOf(testing::HasSubstr("eval.outlier_lab, factor 2^30: "), testing::HasSubstr("fits FP16")));
}

TEST(OutlierLab, IsWrittenAndReadAgain) {
  const auto model = tiny_model();
  OutlierLabConfig config;
  config.exponents = {3};
  config.layers = {1};
  config.simulated = false;
  const OutlierLab lab = run_outlier_lab(*model, {}, config, tiny_text(), {}, no_progress());
  const std::string text = record_to_json(lab);
  EXPECT_EQ(record_to_json(record_from_json<OutlierLab>(text, "outliers.json")), text);
  EXPECT_THAT(text, testing::HasSubstr("\"fp32_bit_identical\": true"));
}

TEST(OutlierLabConfig, WantsExponentsThatRise) {
  try {
    parse_config<OutlierLabConfig>("exponents: [0, 3, 3]\n", "lab.yaml");
    FAIL() << "expected an error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("exponents: expected each larger than the one before, got 3 after 3"));
  }
}

TEST(OutlierLabConfig, WantsEachOnce) {
  for (const char* twice : {"channels: [4, 0, 4]", "layers: [4, 4]", "places: [keys, norms, keys]"}) {
    try {
      parse_config<OutlierLabConfig>(std::string(twice) + "\n", "lab.yaml");
      ADD_FAILURE() << twice << ": expected an error";
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), testing::ContainsRegex("expected each once, got (4|keys) twice")) << twice;
    }
  }
}

/// A layer of one row with weights that int8 holds exactly, so that only inputs are rounded.
TEST(SimulatedLinear, RoundsInputsByItsGrain) {
  const auto layer = [] {
    auto linear = std::make_unique<Linear>(2, 1, false);
    linear->weight.set_value(Tensor::from(std::vector<float>{1.0F, 1.0F}, {1, 2}));
    return linear;
  };
  const Tensor x = Tensor::from(std::vector<float>{0.3F, 0.0F, 0.0F, 100.0F}, {1, 2, 2});
  const Tensor scales = Tensor::from(std::vector<float>{0.5F / kTop, 100.0F / kTop}, {2});
  SimulatedLinear tensor(layer(), rounding_of(ActivationGrain::tensor, {}));
  SimulatedLinear channel(layer(), rounding_of(ActivationGrain::channel, scales));
  const float step = 100.0F / kTop;
  EXPECT_EQ(tensor(x).to_vector(), (std::vector<float>{std::nearbyint(0.3F / step) * step, kTop * step}));
  const float fine = 0.5F / kTop;
  EXPECT_EQ(channel(x).to_vector(), (std::vector<float>{std::nearbyint(0.3F / fine) * fine, kTop * step}));
}

TEST(SimulatedLinear, StandsInEverySlotOfALinearLayer) {
  const auto model = tiny_model();
  const auto batches = input_batches(tiny_windows(4, 8), 64);
  simulate_activations(*model, ActivationGrain::channel, calibrate(*tiny_model(), batches));
  int simulated = 0;
  model->for_each_child([&](const std::string&, ChildSlot& slot) {
    EXPECT_EQ(dynamic_cast<Linear*>(&slot.module()), nullptr) << slot.name();
    simulated += dynamic_cast<SimulatedLinear*>(&slot.module()) != nullptr ? 1 : 0;
  });
  EXPECT_EQ(simulated, 2 * 5);     // qkv, output, gate, up, down
  constexpr double kClose = 0.05;  // of the logits, relative; measured 0.012
  EXPECT_LT(relative_error(model->forward(batches.front()), tiny_model()->forward(batches.front())), kClose);
}

}  // namespace
}  // namespace octet::outlier_lab_test
