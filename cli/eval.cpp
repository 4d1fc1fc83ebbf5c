#include <fmt/format.h>

#include "base/config/record.h"
#include "base/files/atomic_file.h"
#include "cli/compared_models.h"
#include "cli/console.h"
#include "cli/coverage_file.h"
#include "cli/device.h"
#include "cli/machine.h"
#include "cli/run_folder.h"
#include "cli/stages.h"
#include "cli/version.h"
#include "eval/report/measure.h"
#include "eval/report/sections/attribution.h"
#include "eval/score/window_batches.h"
#include "eval/test_windows.h"
#include "nn/files/quantized_file.h"
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

/// Which layers the loss of each quantized model comes from. A transform makes the FP32 model another one, whose layers
/// cannot stand beside those of the trained model.
void measure_attribution(const Run& run, const RunText& text, const ComparedModels& models, Report& report,
                         ProgressSink& progress) {
  const EvalConfig& eval = run.config.eval;
  if (eval.attribution_windows == 0) {
    return;
  }
  Gpt& fp32 = *models.owned.front();
  const std::vector<Tensor> batches =
      input_batches(test_windows(text.tokens.test.runs, text.tokenizer, eval, fp32.config(), eval.attribution_windows),
                    eval.batch_tokens);
  for (std::size_t i = 0; i < run.config.quantize.size(); ++i) {
    if (!run.config.quantize[i].transforms.empty()) continue;
    ReportModel& entry = report.models[i + 1];
    progress.note("attributing the loss of " + entry.name + " to its layers");
    put_attribution(entry, attribute_loss(fp32, *models.owned[i + 1], batches, progress));
  }
}

/// Where the configuration asks for it, and outliers.json with it; else there is none from an earlier time either.
void measure_outlier_lab(const Run& run, const RunText& text, Report& report, ProgressSink& progress) {
  const fs::path file = run.folder / "outliers.json";
  const EvalConfig& eval = run.config.eval;
  if (!eval.outlier_lab) {
    std::error_code ignored;
    fs::remove(file, ignored);
    return;
  }
  const auto fp32 = load_model(run.best_checkpoint());
  const GptConfig& shape = fp32->config();
  const OutlierLabText lab_text = {
      .windows = test_windows(text.tokens.test.runs, text.tokenizer, eval, shape, eval.outlier_lab->windows),
      .calibration = [&](const CalibrationConfig& config) { return calibration_batches(text, config, shape.context); },
      .batch_tokens = eval.batch_tokens};
  report.outlier_lab =
      run_outlier_lab(*fp32, run.config.quantize, *eval.outlier_lab, lab_text, eval.bootstrap, progress);
  write_file_atomically(file, record_to_json(*report.outlier_lab));
}

}  // namespace

void eval_stage(Run& run, ProgressSink& sink, EvalScope scope) {
  StopsOnInterrupt progress("eval", sink);
  const RunText text = load_text(run);
  const ComparedModels models = load_models(run);
  run.config.model = models.owned.front()->config();
  write_run_config(run);
  Report report;
  report.name = run.config.name;
  report.corpus = describe_corpus(text.corpus, text.tokens);
  report.corpus.trained_on = read_trainer_state(run.best_checkpoint()).step > 0;
  report.machine = describe_machine(run.config.device);
  describe_models(report, models);
  const MeasuredModels measured = {models.named, models.folders, text.tokenizer, text.tokens.test};
  if (scope == EvalScope::scores) {
    measure_scores(report, measured, run.config.eval, progress);
  } else {
    measure_models(report, measured, run.config.eval, progress);
    measure_attribution(run, text, models, report, progress);
    measure_outlier_lab(run, text, report, progress);
  }
  report.training = summarize_training(run.metrics_file(), run.config.model, report.models.front().bits_per_byte,
                                       run.config.device, progress);
  report.provenance = {.octet_version = OCTET_VERSION,
                       .commit = program_commit(),
                       .command = "octet run " + (run.folder / "config.yaml").string(),
                       .config = to_yaml(run.config),
                       .created = utc_now()};
  write_file_atomically(run.report_file(), report_to_json(report));
}

void eval_verb(const CommonOptions& common, const EvalArguments& arguments) {
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

}  // namespace octet
