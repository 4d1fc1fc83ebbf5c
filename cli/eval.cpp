#include <fmt/format.h>

#include "base/config/record.h"
#include "base/files/atomic_file.h"
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
#include "nn/files/quantized_file.h"

namespace octet {
namespace fs = std::filesystem;

namespace {

/// The FP32 model and those that the recipes made of it, on the device of the run.
struct ComparedModels {
  std::vector<fs::path> folders;
  std::vector<std::unique_ptr<Gpt>> owned;
  std::vector<NamedModel> named;

  void load(const std::string& name, const fs::path& folder, DeviceKind device) {
    folders.push_back(folder);
    owned.push_back(load_any_model(folder));
    owned.back()->to(device);
    named.push_back({name, owned.back().get()});
  }
};

/// Error (input) unless the quantized model was made from the checkpoint at hand, by the recipe at hand. After another
/// training, or with another recipe, it would be compared with what it does not belong to.
void check_made_from(const Run& run, const Recipe& recipe) {
  const fs::path folder = run.quantized(recipe);
  const std::string expected = weights_sha256(run.best_checkpoint());
  const std::string found = read_model_ties(folder).fp32_sha256;
  if (found != expected) {
    fail(ErrorKind::input,
         "{}: expected a model made from {} with weights of SHA-256 {}, got one made from {}; quantize again: octet "
         "quantize {}",
         folder.string(), run.best_checkpoint().string(), expected, found.empty() ? "unknown ones" : found,
         run.folder.string());
  }
  const std::vector<std::string> different = differences(read_stored_recipe(folder), recipe);
  if (!different.empty()) {
    fail(ErrorKind::input,
         "{}: expected a model made by this recipe, got another (there -> here): {}; quantize again: "
         "octet quantize {}",
         folder.string(), fmt::join(different, ", "), run.folder.string());
  }
}

ComparedModels load_models(const Run& run) {
  ComparedModels models;
  models.load("fp32", run.best_checkpoint(), run.config.device);
  for (const Recipe& recipe : run.config.quantize) {
    check_made_from(run, recipe);
    models.load(recipe.name, run.quantized(recipe), run.config.device);
  }
  return models;
}

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

std::vector<Window> test_windows(const RunText& text, const EvalConfig& eval, const GptConfig& shape,
                                 std::int64_t count) {
  return pick_windows(
      evaluation_windows(text.tokens.test.runs, text.tokenizer, eval.context_of(shape), eval.stride_of(shape)), count);
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
      input_batches(test_windows(text, eval, fp32.config(), eval.attribution_windows), eval.batch_tokens);
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
      .windows = test_windows(text, eval, shape, eval.outlier_lab->windows),
      .calibration = [&](const CalibrationConfig& config) { return calibration_batches(text, config, shape.context); },
      .batch_tokens = eval.batch_tokens};
  report.outlier_lab =
      run_outlier_lab(*fp32, run.config.quantize, *eval.outlier_lab, lab_text, eval.bootstrap, progress);
  write_file_atomically(file, record_to_json(*report.outlier_lab));
}

}  // namespace

void eval_stage(Run& run, ProgressSink& sink) {
  StopsOnInterrupt progress("eval", sink);
  const RunText text = load_text(run);
  const ComparedModels models = load_models(run);
  run.config.model = models.owned.front()->config();
  write_run_config(run);
  Report report;
  report.name = run.config.name;
  report.corpus = describe_corpus(text.corpus, text.tokens);
  report.machine = describe_machine(run.config.device);
  describe_models(report, models);
  measure_models(report, {models.named, models.folders, text.tokenizer, text.tokens.test}, run.config.eval, progress);
  measure_attribution(run, text, models, report, progress);
  measure_outlier_lab(run, text, report, progress);
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
