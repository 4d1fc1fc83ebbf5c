#include <fmt/format.h>

#include "base/config/record.h"
#include "base/files/atomic_file.h"
#include "cli/command_line.h"
#include "cli/compared_models.h"
#include "cli/console.h"
#include "cli/coverage_file.h"
#include "cli/device.h"
#include "cli/eval_text.h"
#include "cli/machine.h"
#include "cli/model_folder.h"
#include "cli/run_folder.h"
#include "cli/stages.h"
#include "cli/verbs.h"
#include "nn/files/quantized_file.h"
#include "report/run/measure.h"
#include "train/checkpoint.h"

namespace octet {
namespace fs = std::filesystem;

namespace {

void describe_models(Report& report, const ComparedModels& models) {
  report.models.resize(models.named.size());
  for (std::size_t i = 0; i < models.named.size(); ++i) {
    report.models[i].name = models.named[i].name;
    report.models[i].description = i == 0 ? "the trained model" : read_stored_recipe(models.folders[i]).describe();
    report.models[i].weights_sha256 = weights_sha256(models.folders[i]);
    if (i > 0) {
      read_coverage(models.folders[i], report.models[i]);
    }
  }
}

/// outliers.json, where the configuration asks for the outlier lab; else there is none from an earlier time either.
void write_outlier_lab(const Run& run, const Report& report) {
  const fs::path file = run.folder / "outliers.json";
  if (report.outlier_lab) {
    write_file_atomically(file, record_to_json(*report.outlier_lab));
  } else {
    std::error_code ignored;
    fs::remove(file, ignored);
  }
}

}  // namespace

void eval_stage(Run& run, ProgressSink& progress, EvalScope scope) {
  StopsOnInterrupt stoppable("eval", progress);
  const RunText text = load_text(run);
  const ComparedModels models = load_models(run);
  run.config.model = models.owned.front()->config();
  write_run_config(run);
  Report report;
  report.name = run.config.name;
  report.corpus = describe_corpus(text.corpus, text.tokens);
  const std::int64_t steps = read_trainer_state(run.best_checkpoint()).step;
  report.corpus.trained_on = steps > 0;
  report.machine = describe_machine(run.config.device);
  describe_models(report, models);
  const MeasuredModels measured = {
      .models = models.named,
      .folders = models.folders,
      .recipes = run.config.quantize,
      .tokenizer = text.tokenizer,
      .test = text.tokens.test,
      .calibration =
          [&](const CalibrationConfig& config) { return calibration_batches(text, config, run.config.model.context); },
      .config = run.config.eval,
      .progress = stoppable};
  if (scope == EvalScope::scores) {
    measure_scores(report, measured);
  } else {
    measure_models(report, measured);
    write_outlier_lab(run, report);
  }
  report.training = summarize_training(run.metrics_file(), steps, run.config.model, report.models.front().bits_per_byte,
                                       run.config.device, stoppable);
  report.provenance = describe_provenance(run.folder, to_yaml(run.config));
  write_file_atomically(run.report_file(), report_to_json(report));
}

namespace {

void eval_verb(const CommonOptions& common, const EvalArguments& arguments) {
  if (!arguments.text.empty()) {
    if (!common.out.empty() || common.seed) {
      fail(ErrorKind::config, "{}: expected none beside --text, which writes no files and draws nothing",
           common.out.empty() ? "--seed" : "--out");
    }
    EvalArguments models = arguments;
    models.config = model_folder(common, models.config);
    for (std::string& other : models.against) other = model_folder(common, other);
    eval_text(common, models);
    return;
  }
  if (arguments.any_text_option()) {
    fail(ErrorKind::config, "--against, --protocol, --context, --stride and --windows need --text FILE, got none");
  }
  Run run = read_stage(common, arguments, Stage::eval);
  use_device(run.config);
  check_run_folder(run);
  lock_run(run);
  print_start(common, run.config.device);
  const auto progress = make_progress(common);
  eval_stage(run, *progress);
  print_report(common, read_report(run.report_file()), run.report_file());
}

}  // namespace

void add_eval(VerbList& verbs) {
  auto [options, arguments] = verbs.add("eval",
                                        "evaluate a run: the FP32 model and every quantized one; or, with --text, "
                                        "any model on any text",
                                        eval_verb);
  options.text("config", arguments.config, "YAML file, built-in name or run folder; with --text the folder of a model")
      .required();
  options.words("overrides", arguments.overrides, "key.path=value ... (not with --text)");
  options.text("--text", arguments.text, "file whose perplexity and bits per byte are taken");
  options.repeated("--against", arguments.against,
                   "folder of a model with the same tokenizer that is compared with it; may be given several times");
  options.choice("--protocol", arguments.protocol, {"octet", "llama.cpp"},
                 "octet: every token counts once; llama.cpp: the second half of windows that touch (octet)");
  options.integer("--context", arguments.context, {1, kMostPositions},
                  "tokens of a window (the model's context, at most 512)");
  options.integer("--stride", arguments.stride, {1, kMostPositions},
                  "tokens from one window to the next, of octet (the context)");
  options.integer("--windows", arguments.windows, {0, kMostTokens},
                  "how many at most, spread over the text; 0: all (0)");
}

}  // namespace octet
