#include "base/file.h"
#include "base/parallel.h"
#include "cli/console.h"
#include "cli/coverage_file.h"
#include "cli/device.h"
#include "cli/machine.h"
#include "cli/stages.h"
#include "eval/evaluator.h"
#include "eval/layer_outliers.h"
#include "eval/report_parts.h"
#include "eval/samples.h"
#include "eval/size.h"
#include "eval/speed.h"
#include "eval/window_batches.h"
#include "nn/cost.h"
#include "nn/quantized_file.h"
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

ComparedModels load_models(const Run& run) {
  ComparedModels models;
  models.load("fp32", run.best_checkpoint(), run.config.device);
  for (const Recipe& recipe : run.config.quantize) {
    models.load(recipe.name, run.quantized(recipe), run.config.device);
  }
  return models;
}

void describe_models(Report& report, const Run& run, const ComparedModels& models) {
  report.models.resize(models.named.size());
  for (std::size_t i = 0; i < models.named.size(); ++i) {
    report.models[i].name = models.named[i].name;
    report.models[i].description = i == 0 ? "the trained model" : run.config.quantize[i - 1].describe();
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
                     .bootstrap_samples = run.config.eval.bootstrap.resamples};
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
  const std::vector<std::string> prompts = {run.config.eval.prompts.front()};
  const std::vector<TextSample> samples = make_samples(models.named, tokenizer, prompts, run.config.eval.sampling);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    report.models[i].sample = samples[i].text;
  }
  report.prompt = prompts.front();
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

// From metrics.jsonl: what training took, and how it ended.
ReportTraining summarize_training(const Run& run, double bits_per_byte) {
  const std::vector<MetricsRow> rows = read_metrics(run.folder / "metrics.jsonl");
  ReportTraining training = {.parameters = parameter_count(run.config.model), .bits_per_byte = bits_per_byte};
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
          .tokens_tested = text.tokens.test.tokens,
          .bytes_per_token = text.tokens.bytes_per_token()};
}

}  // namespace

void eval_stage(Run& run, ProgressSink& sink) {
  StopsOnInterrupt progress("eval", sink);
  const RunText text = load_text(run);
  const ComparedModels models = load_models(run);
  run.config.model = models.owned.front()->config();
  Run stored = {stored_config(run), run.folder};
  stored.config.eval = run.config.eval;
  write_run_config(stored);
  const EvalConfig& config = run.config.eval;
  const std::vector<Window> windows =
      pick_windows(evaluation_windows(text.tokens.test.runs, text.tokenizer, config.context_of(run.config.model),
                                      config.stride_of(run.config.model)),
                   config.max_windows);
  Report report;
  report.name = run.config.name;
  report.corpus = describe_corpus(text);
  report.machine = describe_machine(run.config.device);
  describe_models(report, run, models);
  evaluate_models(report, run, models, windows, progress);
  progress.note("counting outliers");
  find_outliers(report, run, models, windows);
  progress.note("writing samples");
  write_samples(report, run, models, text.tokenizer);
  progress.note("timing prefill and decode of every model");
  measure_size_and_speed(report, run, models);
  report.training = summarize_training(run, report.models.front().bits_per_byte);
  report.provenance = {.octet_version = OCTET_VERSION,
                       .command = "octet run " + (run.folder / "config.yaml").string(),
                       .config = to_yaml(run.config),
                       .created = utc_now()};
  write_file_atomically(run.report_file(), report_to_json(report));
}

void eval_verb(const CommonOptions& common, const ConfigArguments& arguments) {
  Run run = read_run(common, arguments);
  use_device(run.config);
  print_start(common, run.config.device);
  const auto progress = make_progress(common);
  eval_stage(run, *progress);
  print_report(common, read_report(run.report_file()), run.report_file());
}

}  // namespace octet
