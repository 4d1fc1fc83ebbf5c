#pragma once

#include "base/progress.h"
#include "cli/run_config.h"
#include "cli/text_stage.h"
#include "report/run/report.h"
#include "train/trainer.h"

// The stages of `octet run`; each verb of the same name runs one. A stage reads what the one before it left in the run
// folder, so they can be repeated one by one.

namespace octet {

/// Trains the FP32 model: checkpoints/, metrics.jsonl, train.log.
void train_stage(Run& run, ProgressSink& progress);

/// Applies every recipe to the best checkpoint: quantized/RECIPE.
void quantize_stage(Run& run, ProgressSink& progress);

/// What is measured: everything, or as other seeds of a run need it (cli/seed_runs.h), scores and sizes.
enum class EvalScope { everything, scores };

/// Measures all models on the test text: report.json.
void eval_stage(Run& run, ProgressSink& progress, EvalScope scope = EvalScope::everything);

/// Draws the charts and writes report.md and report.html from report.json and the run folder. Error (config) before
/// that where one of `wanted_charts` is no chart of this report.
Report report_stage(const Run& run, ProgressSink& progress, const std::vector<std::string>& wanted_charts = {});

/// Prints the table and the file that holds the report; with --json the report itself.
void print_report(const CommonOptions& common, const Report& report, const std::filesystem::path& file);

}  // namespace octet
