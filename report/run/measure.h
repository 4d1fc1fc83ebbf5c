#pragma once

#include <filesystem>
#include <functional>
#include <span>
#include <vector>

#include "base/progress.h"
#include "eval/eval_config.h"
#include "eval/score/named_model.h"
#include "eval/score/windows.h"
#include "quant/recipe.h"
#include "text/tokenized_corpus.h"
#include "text/tokenizer.h"

namespace octet {

struct Report;

/// What the sections of a report are measured on: the models, FP32 first, and the text that none of them has seen.
struct MeasuredModels {
  std::span<const NamedModel> models;
  std::span<const std::filesystem::path> folders;  ///< that they were loaded from
  std::span<const Recipe> recipes;                 ///< of all models but the first
  const Tokenizer& tokenizer;                      ///< of all of them
  const TokenSplit& test;
  /// Batches of ids (B, T) of the calibration text, as a recipe wants them.
  std::function<std::vector<Tensor>(const CalibrationConfig&)> calibration;
  const EvalConfig& config;
  ProgressSink& progress;

  Gpt& fp32() const { return *models.front().model; }
  /// Those of the test text that models are scored on.
  std::vector<Window> windows() const { return windows(config.max_windows); }
  /// At most `count` windows of the test text, spread evenly; 0: all.
  std::vector<Window> windows(std::int64_t count) const;
};

/// Measures all sections in their order. report.models has an entry for each model, with its coverage. Takes as long as
/// the stage `eval`; says on `progress` what it does.
void measure_models(Report& report, const MeasuredModels& measured);

/// The part of it that other seeds of a run need beside the first: how well the models predict, and how large they are.
void measure_scores(Report& report, const MeasuredModels& measured);

}  // namespace octet
