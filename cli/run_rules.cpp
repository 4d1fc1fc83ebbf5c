#include "cli/recipe_rules.h"
#include "cli/run_config.h"
#include "cli/seed_runs.h"
#include "eval/experiments/outlier_lab.h"
#include "text/bpe_trainer.h"

// The rules between sections of a configuration. They are checked as it is read: what only the last stage would notice
// costs the whole training.

namespace octet {
namespace {

/// A run's name is that of its folder, as it is written.
void check_run_name(const std::string& name, Problems& problems) {
  const std::string rule = name_rule_broken(name);
  if (!rule.empty()) {
    problems.add("name", "expected {}, got \"{}\"", rule, excerpt(name));
  } else if (name.find('/') != std::string::npos || name == "." || name == "..") {
    problems.add("name", "expected a name for a folder, got \"{}\"", name);
  }
}

void check_eval(const EvalConfig& eval, const GptConfig& model, Problems& problems) {
  const auto at_most_context = [&](const char* key, std::int64_t value) {
    if (value > model.context) {
      problems.add(key, "expected at most the model's context of {}, got {}", model.context, value);
    }
  };
  at_most_context("eval.context", eval.context);
  at_most_context("eval.speed.prompt_tokens", eval.speed.prompt_tokens);
  if (eval.context == 0 && eval.stride > model.context) {
    problems.add("eval.stride", "expected at most the model's context of {}, got {}", model.context, eval.stride);
  }
}

/// Counts of tokens are 64-bit integers.
void check_training_length(const TrainConfig& train, const GptConfig& model, Problems& problems) {
  const double tokens = static_cast<double>(train.steps) * static_cast<double>(train.batch) *
                        static_cast<double>(train.accumulation) * static_cast<double>(model.context);
  constexpr double kMostTokens = 4e18;
  if (tokens > kMostTokens) {
    problems.add("train.steps",
                 "expected a training of at most {:g} tokens, got {:g} (steps x batch x accumulation x context)",
                 kMostTokens, tokens);
  }
}

/// A run with a given model has no training that settings could be for. A seed comes with --seed.
void check_untrained(const TrainConfig& train, Problems& problems) {
  TrainConfig untouched;
  untouched.seed = train.seed;
  const std::vector<std::string> set = differences(untouched, train);
  if (!set.empty()) {
    problems.add("checkpoint",
                 "expected a configuration without settings of `train` beside it, for the model is not trained here, "
                 "got train.{}",
                 set.front());
  }
}

/// Recipes turn a trained model, and say so in the configuration of the file that they make.
void check_unrotated(const GptConfig& model, Problems& problems) {
  if (const auto set = differences(OnlineRotations(), model.rotations); !set.empty()) {
    problems.add(
        "model.rotations",
        "expected none, for recipes set them (transforms: [rotate], rotate: {{down: true, keys: true}}), got {}",
        set.front());
  }
}

void check_outlier_lab(const OutlierLabConfig& lab, const GptConfig& model, Problems& problems) {
  for (const std::int64_t layer : lab.layers) {
    if (layer >= model.layers) {
      problems.add("eval.outlier_lab.layers", "expected blocks from 0 to {}, got {}", model.layers - 1, layer);
    }
  }
  for (const OutlierPlace place : lab.places) {
    if (place == OutlierPlace::hidden && model.architecture == Architecture::gpt2) {
      problems.add("eval.outlier_lab.places",
                   "expected a model of the architecture llama for hidden, got gpt2: no "
                   "factor passes its GELU");
    }
    if (place == OutlierPlace::keys && model.qk_norm) {
      problems.add("eval.outlier_lab.places",
                   "expected a model without qk_norm for keys: its norm takes every factor out");
    }
    const std::int64_t count = outlier_channels(place, model);
    for (const std::int64_t channel : lab.channels) {
      if (channel >= count) {
        problems.add("eval.outlier_lab.channels", "expected channels from 0 to {} for {}, got {}", count - 1,
                     enum_name(place), channel);
      }
    }
  }
}

}  // namespace

void RunConfig::validate(Problems& problems) const {
  check_run_name(name, problems);
  if (!corpus.name.empty()) {
    if (const std::string rule = name_rule_broken(corpus.name); !rule.empty()) {
      problems.add("corpus.name", "expected {}, got \"{}\"", rule, excerpt(corpus.name));
    }
  }
  if (corpus.calibration_fraction + corpus.test_fraction >= 1.0) {
    problems.add("corpus.test_fraction", "expected less than {}, so that a part is left to train on, got {}",
                 1.0 - corpus.calibration_fraction, corpus.test_fraction);
  }
  check_recipe_names(quantize, problems);
  check_seeds(*this, problems);
  if (eval.outlier_lab) check_scheme_names(quantize, *eval.outlier_lab, problems);
  if (!checkpoint.empty()) {
    check_untrained(train, problems);
    return;
  }
  check_unrotated(model, problems);
  if (model.vocabulary < kSmallestVocabulary) {
    problems.add("model.vocabulary", "expected at least {} (256 bytes and the end of text), got {}",
                 kSmallestVocabulary, model.vocabulary);
  }
  check_training_length(train, model, problems);
  check_against_model(problems);
}

void RunConfig::check_against_model(Problems& problems) const {
  if (model.attention_gate && device == DeviceKind::cuda) {
    problems.add("device", "expected cpu for a model with attention_gate, which has no kernel for a GPU, got cuda");
  }
  check_recipes(*this, problems);
  check_eval(eval, model, problems);
  if (eval.outlier_lab) check_outlier_lab(*eval.outlier_lab, model, problems);
}

void check_against_given(const RunConfig& config, const std::filesystem::path& from) {
  Problems problems;
  config.check_against_model(problems);
  if (!problems.list().empty()) {
    const Problem& first = problems.list().front();
    fail(ErrorKind::config, "{}: {} (the model is that of {})", first.path, first.message, from.string());
  }
}

}  // namespace octet
