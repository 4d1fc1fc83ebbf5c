#include <nlohmann/json.hpp>

#include "base/format.h"
#include "base/interrupt.h"
#include "base/json.h"
#include "cli/check_run.h"
#include "cli/console.h"
#include "cli/device.h"
#include "cli/given_model.h"
#include "cli/run_folder.h"
#include "cli/shared_options.h"
#include "cli/stages.h"
#include "cli/verbs.h"
#include "nn/gpt.h"
#include "nn/initialize.h"

namespace octet {

void train_stage(Run& run, ProgressSink& progress) {
  if (!run.config.checkpoint.empty()) {
    take_given_model(run, progress);
    return;
  }
  check_memory(run);
  const RunText text = learn_text(run, progress);
  check_text(run, text);
  Gpt model(run.config.model);
  initialize(model, run.config.train.seed);
  model.to(run.config.device);
  progress.note(fmt::format("model: {} parameters, {} layers, width {}, context {}",
                            format_count(static_cast<double>(model.parameter_count())), run.config.model.layers,
                            run.config.model.width, run.config.model.context));
  const TrainData data = {text.tokens.train.runs, text.tokens.calibration.runs, text.tokenizer, text.corpus.sha256,
                          record_split(run.config.corpus, text.corpus)};
  lock_run(run);
  const TrainSummary summary =
      train(model, data, run.config.train, run.folder, progress, interrupt_requested, [&] { write_run_config(run); });
  progress.note(fmt::format("trained {} steps in {} ({} tokens/s, {:.0f} GFLOP/s); held-out loss {:.4f} at step {}",
                            summary.steps, format_duration(summary.seconds), format_count(summary.tokens_per_second),
                            summary.flops_per_second / 1e9, summary.best_val_loss, summary.best_step));
}

namespace {

void train_verb(const CommonOptions& common, const ConfigArguments& arguments) {
  Run run = read_stage(common, arguments, Stage::train);
  use_device(run.config);
  check_run_folder(run);
  lock_existing_run(run);
  print_start(common, run.config.device);
  const auto progress = make_progress(common);
  train_stage(run, *progress);
  if (common.json) {
    print_exactly(json_text(nlohmann::json{{"checkpoint", run.best_checkpoint().string()}}) + "\n");
  } else {
    print(run.best_checkpoint().string() + "\n");
  }
}

}  // namespace

void add_train(VerbList& verbs) {
  auto [options, arguments] = verbs.add("train", "train the FP32 model", train_verb);
  add_config_arguments(options, arguments);
}

}  // namespace octet
