#include <fmt/ranges.h>

#include "base/files/atomic_file.h"
#include "base/parallel.h"
#include "cli/console.h"
#include "cli/coverage_file.h"
#include "cli/device.h"
#include "cli/machine.h"
#include "cli/run_folder.h"
#include "cli/stages.h"
#include "eval/outliers/layer_outliers.h"
#include "eval/report/parts.h"
#include "eval/score/evaluator.h"
#include "eval/score/samples.h"
#include "eval/score/window_batches.h"
#include "eval/speed/size.h"
#include "eval/speed/speed.h"
#include "nn/cost.h"
#include "nn/files/quantized_file.h"
#include "tensor/machine_limits.h"
#include "train/metrics.h"

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

void evaluate_models(Report& report, const Run& run, const ComparedModels& models, std::span<const Window> windows,
                     ProgressSink& progress) {
  std::vector<EvaluatedModel> evaluated;
  for (const NamedModel& model : models.named) {
    evaluated.push_back(model.evaluated());
  }
  const std::vector<Evaluation> evaluations =
      evaluate(evaluated, windows, {.batch_tokens = run.config.eval.batch_tokens}, progress);
  for (std::size_t i = 0; i < evaluations.size(); ++i) {
    put_evaluation(report.models[i], evaluations[i], evaluations.front(), run.config.eval.bootstrap);
  }
  report.protocol = {.context = run.config.eval.context_of(run.config.model),
                     .stride = run.config.eval.stride_of(run.config.model),
                     .scored_tokens = evaluations.front().scored_tokens,
                     .windows = static_cast<std::int64_t>(windows.size()),
                     .bootstrap_samples = run.config.eval.bootstrap.resamples,
                     .confidence = run.config.eval.bootstrap.confidence};
}

void measure_size_and_speed(Report& report, const Run& run, const ComparedModels& models) {
  std::vector<TimedModel> timed;
  const ModelSize fp32 = measure_size(models.folders.front());
  for (std::size_t i = 0; i < models.named.size(); ++i) {
    const ModelSize size = measure_size(models.folders[i]);
    put_size(report.models[i], size, fp32);
    timed.push_back({models.named[i], size.decode_bytes});
  }
  const std::vector<SpeedResult> speeds = measure_speed(timed, run.config.eval.speed);
  for (std::size_t i = 0; i < speeds.size(); ++i) {
    put_speed(report.models[i], speeds[i]);
  }
}

void write_samples(Report& report, const Run& run, const ComparedModels& models, const Tokenizer& tokenizer) {
  const std::vector<std::string>& prompts = run.config.eval.prompts;
  const std::vector<TextSample> samples = make_samples(models.named, tokenizer, prompts, run.config.eval.sampling);
  put_samples(report, samples);
  report.seed = run.config.eval.sampling.seed;
}

void find_outliers(Report& report, const Run& run, const ComparedModels& models, const std::vector<Window>& windows) {
  const EvalConfig& config = run.config.eval;
  Gpt& fp32 = *models.named.front().model;
  const std::vector<Window> some = pick_windows(windows, config.outlier_windows);
  report.outliers =
      report_outliers(activation_outliers(fp32, some, config.outliers, config.batch_tokens), "activations");
  const std::vector<ReportOutliers> weights = report_outliers(weight_outliers(fp32, config.outliers), "weights");
  report.outliers.insert(report.outliers.end(), weights.begin(), weights.end());
  report.sigma_threshold = config.outliers.threshold;
  report.absolute_threshold = config.outliers.absolute;
}

/// From metrics.jsonl: what training took, and how it ended. The models do without it, so where it is missing or broken
/// the report says nothing about the training.
ReportTraining summarize_training(const Run& run, double bits_per_byte, ProgressSink& progress) {
  ReportTraining training = {.parameters = parameter_count(run.config.model), .bits_per_byte = bits_per_byte};
  std::vector<MetricsRow> rows;
  try {
    rows = read_metrics(run.folder / "metrics.jsonl");
  } catch (const Error& error) {
    progress.note(fmt::format("note: the report will not tell of the training: {}", error.what()));
  }
  if (rows.empty()) {
    return training;
  }
  double seconds = 0.0;
  for (const MetricsRow& row : rows) {
    seconds += row.ms / 1000.0;
  }
  training.steps = rows.back().step;
  training.tokens = rows.back().tokens;
  training.seconds = seconds;
  training.tokens_per_s = static_cast<double>(training.tokens) / seconds;
  training.share_of_fp32_peak = training.tokens_per_s *
                                training_flops_per_token(run.config.model, run.config.model.context) /
                                (measure_peak_fp32_gflops(run.config.device) * 1e9);
  return training;
}

ReportCorpus describe_corpus(const RunText& text) {
  return {.name = text.corpus.name,
          .sha256 = text.corpus.sha256,
          .train_bytes = text.tokens.train.bytes,
          .calibration_bytes = text.tokens.calibration.bytes,
          .test_bytes = text.tokens.test.bytes,
          .test_bytes_seen = text.corpus.test_bytes_seen,
          .tokens_tested = text.tokens.test.tokens,
          .bytes_per_token = text.tokens.bytes_per_token()};
}

}  // namespace

void eval_stage(Run& run, ProgressSink& sink) {
  StopsOnInterrupt progress("eval", sink);
  const RunText text = load_text(run);
  const ComparedModels models = load_models(run);
  run.config.model = models.owned.front()->config();
  write_run_config(run);
  const EvalConfig& config = run.config.eval;
  const std::vector<Window> windows =
      pick_windows(evaluation_windows(text.tokens.test.runs, text.tokenizer, config.context_of(run.config.model),
                                      config.stride_of(run.config.model)),
                   config.max_windows);
  Report report;
  report.name = run.config.name;
  report.corpus = describe_corpus(text);
  report.machine = describe_machine(run.config.device);
  describe_models(report, models);
  evaluate_models(report, run, models, windows, progress);
  progress.note("counting outliers");
  find_outliers(report, run, models, windows);
  progress.note("writing samples");
  write_samples(report, run, models, text.tokenizer);
  progress.note("timing prefill and decode of every model");
  measure_size_and_speed(report, run, models);
  report.training = summarize_training(run, report.models.front().bits_per_byte, progress);
  report.provenance = {.octet_version = OCTET_VERSION,
                       .command = "octet run " + (run.folder / "config.yaml").string(),
                       .config = to_yaml(run.config),
                       .created = utc_now()};
  write_file_atomically(run.report_file(), report_to_json(report));
}

void eval_verb(const CommonOptions& common, const ConfigArguments& arguments) {
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
