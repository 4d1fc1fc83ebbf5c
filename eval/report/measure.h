#pragma once

#include <filesystem>
#include <span>

#include "base/progress.h"
#include "eval/eval_config.h"
#include "eval/report/report.h"
#include "eval/score/named_model.h"
#include "text/tokenized_corpus.h"
#include "text/tokenizer.h"

namespace octet {

/// The models of a report, FP32 first, and the text that none of them has seen.
struct MeasuredModels {
  std::span<const NamedModel> models;
  std::span<const std::filesystem::path> folders;  ///< that they were loaded from
  const Tokenizer& tokenizer;                      ///< of all of them
  const TokenSplit& test;
};

/// Fills what is measured on models: how well they predict, their outliers, what they write, how large and how fast
/// they are. report.models has an entry for each. Takes as long as the stage `eval`; says on `progress` what it does.
void measure_models(Report& report, const MeasuredModels& measured, const EvalConfig& config, ProgressSink& progress);

/// The part of it that other seeds of a run need beside the first: how well the models predict, and how large they are.
void measure_scores(Report& report, const MeasuredModels& measured, const EvalConfig& config, ProgressSink& progress);

}  // namespace octet
