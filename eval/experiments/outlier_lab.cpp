#include "eval/experiments/outlier_lab.h"

#include <cstring>
#include <memory>

#include "eval/experiments/simulated_linear.h"
#include "eval/score/evaluator.h"
#include "eval/score/named_model.h"
#include "eval/score/window_batches.h"
#include "quant/apply_recipe.h"
#include "quant/calibrate.h"
#include "quant/fp32_model.h"
#include "quant/transforms/transform.h"

namespace octet {
namespace {

struct SimulatedScheme {
  OutlierLabScheme about;
  ActivationGrain grain;
};

const std::vector<SimulatedScheme>& simulated_schemes() {
  static const std::vector<SimulatedScheme> schemes = {
      {{"per-tensor", "int8 per_channel, one scale for the inputs of all tokens in a batch; simulated", true},
       ActivationGrain::tensor},
      {{"per-channel", "int8 per_channel, static int8 activations with a scale for each channel; simulated", true},
       ActivationGrain::channel},
  };
  return schemes;
}

std::unique_ptr<Gpt> quantized(Gpt& planted, const Recipe& recipe, const OutlierLabText& text) {
  const auto calibrator = [&](Gpt& model) { return calibrate(model, text.calibration(recipe.calibration)); };
  std::unique_ptr<Gpt> model = transformed(planted, recipe, calibrator);
  apply_recipe(*model, recipe, recipe.needs_calibration() ? calibrator(*model) : Calibration());
  return model;
}

std::unique_ptr<Gpt> simulated(Gpt& planted, ActivationGrain grain, const OutlierLabText& text) {
  std::unique_ptr<Gpt> model = fp32_copy(planted);
  simulate_activations(*model, grain, calibrate(*model, text.calibration(CalibrationConfig())));
  return model;
}

bool same_logits(Gpt& a, Gpt& b, const OutlierLabText& text) {
  for (const Tensor& ids : input_batches(text.windows, text.batch_tokens)) {
    const Tensor x = a.forward(ids), y = b.forward(ids);
    if (std::memcmp(x.data<float>(), y.data<float>(), static_cast<std::size_t>(x.elements()) * sizeof(float)) != 0) {
      return false;
    }
  }
  return true;
}

OutlierLabRow row_of(std::int64_t k, const Evaluation& fp32, const Evaluation& model,
                     const BootstrapOptions& bootstrap) {
  OutlierLabRow row = {.k = k, .scheme = model.name, .perplexity = model.perplexity, .kl = model.kl.mean};
  row.ppl_increase = model.perplexity / fp32.perplexity - 1.0;
  if (model.windows.size() > 1) {
    const Interval increase = perplexity_increase(delta_nll(fp32, model, bootstrap));
    row.low = increase.low;
    row.high = increase.high;
  }
  return row;
}

/// The models of one k, those of the simulated schemes last.
class PlantedModels {
 public:
  PlantedModels(Gpt& fp32, const OutlierInjection& injection) {
    inject_outliers(*add("fp32", fp32_copy(fp32)), injection);
  }

  Gpt& planted() const { return *owned_.front(); }

  Gpt* add(const std::string& name, std::unique_ptr<Gpt> model) {
    owned_.push_back(std::move(model));
    named_.push_back({name, owned_.back().get()});
    return owned_.back().get();
  }

  /// The first is `fp32`, the others are the models, in their order.
  std::vector<Evaluation> evaluate_beside(Gpt& fp32, const OutlierLabText& text) const {
    std::vector<EvaluatedModel> models = {NamedModel{"fp32, as trained", &fp32}.evaluated()};
    for (const NamedModel& model : named_) {
      models.push_back(model.evaluated());
    }
    return evaluate(models, text.windows, {.batch_tokens = text.batch_tokens});
  }

 private:
  std::vector<std::unique_ptr<Gpt>> owned_;
  std::vector<NamedModel> named_;
};

/// All of the lab but its rows.
OutlierLab describe_lab(std::span<const Recipe> recipes, const OutlierLabConfig& config, const OutlierLabText& text,
                        const BootstrapOptions& bootstrap) {
  OutlierLab lab;
  for (const OutlierPlace place : config.places) {
    lab.places.emplace_back(enum_name(place));
  }
  lab.channels = config.channels;
  lab.layers = config.layers;
  lab.windows = static_cast<std::int64_t>(text.windows.size());
  lab.confidence = bootstrap.confidence;
  lab.schemes.push_back({"fp32", "the planted model, not quantized", false});
  for (const Recipe& recipe : recipes) {
    lab.schemes.push_back({recipe.name, recipe.describe(), false});
  }
  for (std::size_t i = 0; config.simulated && i < simulated_schemes().size(); ++i) {
    lab.schemes.push_back(simulated_schemes()[i].about);
  }
  return lab;
}

}  // namespace

OutlierLab run_outlier_lab(Gpt& fp32, std::span<const Recipe> recipes, const OutlierLabConfig& config,
                           const OutlierLabText& text, const BootstrapOptions& bootstrap, ProgressSink& progress) {
  OutlierLab lab = describe_lab(recipes, config, text, bootstrap);
  lab.fp32_bit_identical = true;
  ProgressUpdate update = {.task = "outlier lab", .unit = "model", .rate_unit = "models"};
  update.total = static_cast<std::int64_t>(config.exponents.size() * (lab.schemes.size() - 1));
  progress.update(update);
  for (const std::int64_t k : config.exponents) {
    PlantedModels models(fp32, config.injection(k));
    lab.fp32_bit_identical = lab.fp32_bit_identical && same_logits(fp32, models.planted(), text);
    const auto add = [&](const std::string& name, std::unique_ptr<Gpt> model) {
      models.add(name, std::move(model));
      ++update.done;
      update.detail = fmt::format("2^{} {}", k, name);
      progress.update(update);
    };
    for (const Recipe& recipe : recipes) {
      add(recipe.name, quantized(models.planted(), recipe, text));
    }
    for (std::size_t i = 0; config.simulated && i < simulated_schemes().size(); ++i) {
      const SimulatedScheme& scheme = simulated_schemes()[i];
      add(scheme.about.name, simulated(models.planted(), scheme.grain, text));
    }
    const std::vector<Evaluation> results = models.evaluate_beside(fp32, text);
    for (std::size_t i = 1; i < results.size(); ++i) {
      lab.rows.push_back(row_of(k, results.front(), results[i], bootstrap));
    }
    lab.scored_tokens = results.front().scored_tokens;
  }
  progress.finish(update);
  return lab;
}

}  // namespace octet
