#include "eval/explain/checks.h"

#include <map>
#include <memory>

#include "base/random.h"
#include "eval/explain/check_answers.h"
#include "eval/score/evaluator.h"
#include "eval/score/named_model.h"
#include "eval/score/window_batches.h"
#include "eval/speed/interleave.h"
#include "nn/layers/linear.h"
#include "quant/apply_recipe.h"
#include "quant/calibrate.h"
#include "quant/fp32_model.h"
#include "quant/quantize_matrix.h"
#include "quant/transforms/transform.h"
#include "tensor/autograd/node.h"

namespace octet {
namespace {

Recipe int8(const std::string& name, Activations activations) {
  Recipe recipe;
  recipe.name = name;
  recipe.activations = activations;
  return recipe;
}

Recipe int8_static(const std::string& name, double percentile, bool symmetric) {
  Recipe recipe = int8(name, Activations::static_scale);
  recipe.calibration.percentile = percentile;
  recipe.calibration.symmetric = symmetric;
  return recipe;
}

Recipe int4_groups(const std::string& name, bool symmetric) {
  Recipe recipe;
  recipe.name = name;
  recipe.weights = {.bits = 4, .granularity = Granularity::per_group, .group = 32};
  recipe.weights.symmetric = symmetric;
  recipe.weights.method = symmetric ? RoundingMethod::absmax : RoundingMethod::automatic;
  recipe.activations = Activations::dynamic;
  return recipe;
}

/// The embedding or the head alone; all other layers stay FP32.
Recipe embedding_alone(const std::string& name, int bits, std::vector<std::string> keep_fp32) {
  Recipe recipe = bits == 8 ? int8(name, Activations::dynamic) : int4_groups(name, true);
  recipe.name = name;
  recipe.keep_fp32 = std::move(keep_fp32);
  return recipe;
}

/// Scores quantized copies one by one, each beside FP32.
class Scorer {
 public:
  Scorer(const OutlierLabText& text, ModelChecks& checks, ProgressSink& progress)
      : text_(text), checks_(checks), progress_(progress) {}

  CheckRow row(Gpt& fp32, const Recipe& recipe) {
    progress_.note("checking " + recipe.name);
    const auto calibrator = [&](Gpt& model) { return calibrate(model, text_.calibration(recipe.calibration)); };
    const std::unique_ptr<Gpt> model = transformed(fp32, recipe, calibrator);
    const Coverage coverage =
        apply_recipe(*model, recipe, recipe.needs_calibration() ? calibrator(*model) : Calibration());
    const EvaluatedModel both[] = {NamedModel{"fp32", &fp32}.evaluated(),
                                   NamedModel{recipe.name, model.get()}.evaluated()};
    const std::vector<Evaluation> scores = evaluate(both, text_.windows, {.batch_tokens = text_.batch_tokens});
    checks_.perplexity = scores.front().perplexity;
    checks_.tokens = scores.front().scored_tokens;
    const Interval increase = perplexity_increase(delta_nll(scores.front(), scores.back(), options_));
    return {recipe.name, recipe.describe(), increase, coverage.bytes(), kNotMeasured};
  }

  const BootstrapOptions& options() const { return options_; }

 private:
  const OutlierLabText& text_;
  ModelChecks& checks_;
  ProgressSink& progress_;
  BootstrapOptions options_;
};

/// The linear layer with the most weights in a block.
std::pair<std::string, Tensor> largest_layer(Gpt& model) {
  std::pair<std::string, Tensor> largest;
  model.for_each_child([&](const std::string& path, ChildSlot& slot) {
    const auto* linear = dynamic_cast<const Linear*>(&slot.module());
    if (linear == nullptr || !path.starts_with("blocks.")) return;
    const Tensor weight = linear->weight.value().to(DeviceKind::cpu);
    if (!largest.second.defined() || weight.elements() > largest.second.elements()) largest = {path, weight};
  });
  return largest;
}

/// Microseconds of the same product with each kind of weights and inputs.
std::vector<double> product_times(const Tensor& weight, const std::vector<QuantizedMatrix>& kinds) {
  const NoGrad no_grad;
  const Tensor x = Tensor::empty({ModelChecks::kTimedRows, weight.dim(1)});
  const Random random(1, hash_name("checks"));
  for (std::int64_t i = 0; i < x.elements(); ++i) x.data<float>()[i] = random.normal(static_cast<std::uint64_t>(i));
  std::vector<std::function<void()>> jobs;
  for (const QuantizedMatrix& kind : kinds) jobs.emplace_back([&kind, &x] { kind.project(x); });
  constexpr std::int64_t kWarmups = 3, kRepetitions = 41;
  std::vector<double> microseconds;
  for (const Timing& timing : time_interleaved(jobs, kWarmups, kRepetitions)) {
    microseconds.push_back(1e6 * timing.median);
  }
  return microseconds;
}

/// The scale that most normal inputs fit.
constexpr float kTimedScale = 4.0F / 127;

Check symmetric_check(Gpt& fp32, Scorer& scorer, const Tensor& timed) {
  Check check = {"symmetric", "Why is symmetric simpler than asymmetric, and what does each cost?", "", {}};
  const Recipe int4 = int4_groups("int4", true), minimum = int4_groups("int4-minimum", false);
  check.rows = {scorer.row(fp32, int8_static("int8-static", 100, true)),
                scorer.row(fp32, int8_static("int8-static-asymmetric", 100, false)), scorer.row(fp32, int4),
                scorer.row(fp32, minimum)};
  const AnyWeight rows = quantize_matrix(timed, WeightScheme());
  const std::vector<double> times =
      product_times(timed, {{rows, ActivationScheme::fixed(kTimedScale)},
                            {rows, ActivationScheme::fixed(kTimedScale, 10)},
                            {quantize_matrix(timed, int4.weights), Activations::dynamic},
                            {quantize_matrix(timed, minimum.weights), Activations::dynamic}});
  for (std::size_t i = 0; i < times.size(); ++i) check.rows[i].microseconds = times[i];
  check.answer = symmetric_answer(check.rows);
  return check;
}

Check static_check(Gpt& fp32, Scorer& scorer, const Tensor& timed) {
  Check check = {"static", "Static or dynamic scales for the inputs?", "", {}};
  check.rows = {scorer.row(fp32, int8_static("int8-static", 100, true)),
                scorer.row(fp32, int8_static("int8-static-99.9", 99.9, true)),
                scorer.row(fp32, int8("int8-dynamic", Activations::dynamic)),
                scorer.row(fp32, int8("int8-weight-only", Activations::weight_only))};
  const AnyWeight rows = quantize_matrix(timed, WeightScheme());
  const std::vector<double> times = product_times(timed, {{rows, ActivationScheme::fixed(kTimedScale)},
                                                          {rows, ActivationScheme::fixed(kTimedScale)},
                                                          {rows, Activations::dynamic},
                                                          {rows, Activations::weight_only}});
  for (std::size_t i = 0; i < times.size(); ++i) check.rows[i].microseconds = times[i];
  check.answer = static_answer(check.rows);
  return check;
}

Check outlier_check(Gpt& fp32, const OutlierLabText& text, const BootstrapOptions& options, ProgressSink& progress) {
  Check check = {"outliers", "Why do outliers hurt, and what helps?", "", {}};
  OutlierLabConfig config;
  config.exponents = {0, kPlantedExponent};
  config.simulated = false;
  Recipe smooth = int8_static("int8-static-smooth", 100, true);
  smooth.transforms = {TransformKind::smooth};
  smooth.smooth.search = true;
  const Recipe recipes[] = {int8_static("int8-static", 100, true), int8("int8-dynamic", Activations::dynamic), smooth,
                            int8("int8-outlier-split", Activations::outlier_split)};
  const OutlierLab lab = run_outlier_lab(fp32, recipes, config, text, options, progress);
  for (const OutlierLabRow& row : lab.rows) {
    if (row.scheme == "fp32") continue;
    const char* where = row.k == 0 ? "as trained" : "outliers planted";
    check.rows.push_back(
        {fmt::format("{}, {}", row.scheme, where), where, {row.ppl_increase, row.low, row.high}, 0, kNotMeasured});
  }
  check.answer = outlier_answer(check.rows, lab.fp32_bit_identical);
  return check;
}

Check embedding_check(Gpt& fp32, Scorer& scorer) {
  Check check = {"embedding", "Can the embedding be quantized, as a table and as the output head?", "", {}};
  const bool tied = fp32.head == nullptr;
  const std::unique_ptr<Gpt> untied = fp32_copy(fp32, HeadOfCopy::untied);
  for (const int bits : {8, 4}) {
    check.rows.push_back(
        scorer.row(*untied, embedding_alone(fmt::format("int{} table", bits), bits, {"blocks.*", "head"})));
    check.rows.push_back(
        scorer.row(*untied, embedding_alone(fmt::format("int{} head", bits), bits, {"blocks.*", "embedding"})));
    check.rows.push_back(
        scorer.row(tied ? fp32 : *untied, embedding_alone(fmt::format("int{} both", bits), bits, {"blocks.*"})));
  }
  check.answer = embedding_answer(check.rows, tied);
  return check;
}

}  // namespace

ModelChecks check_model(Gpt& fp32, const OutlierLabText& text, ProgressSink& progress) {
  OutlierLabText some = text;
  some.windows = pick_windows(text.windows, kCheckedWindows);
  ModelChecks checks;
  Scorer scorer(some, checks, progress);
  const auto [layer, weight] = largest_layer(fp32);
  checks.windows = static_cast<std::int64_t>(some.windows.size());
  checks.confidence = scorer.options().confidence;
  checks.timed_layer = layer;
  checks.checks.push_back(symmetric_check(fp32, scorer, weight));
  checks.checks.push_back(static_check(fp32, scorer, weight));
  checks.checks.push_back(outlier_check(fp32, some, scorer.options(), progress));
  checks.checks.push_back(embedding_check(fp32, scorer));
  return checks;
}

}  // namespace octet
