#include "cli/natural_lab.h"

#include "base/config/record.h"
#include "base/files/atomic_file.h"
#include "cli/check_run.h"
#include "cli/console.h"
#include "cli/device.h"
#include "cli/lab_folder.h"
#include "cli/machine.h"
#include "cli/run_folder.h"
#include "cli/stages.h"
#include "cli/stored_config.h"
#include "cli/version.h"
#include "eval/labs/natural_outliers.h"
#include "eval/score/window_batches.h"
#include "eval/test_windows.h"
#include "nn/files/model_file.h"

namespace octet {
namespace fs = std::filesystem;

namespace {

void check_folders(const NaturalLabRun& lab) {
  check_folder(lab.folder);
  check_lab_folder(lab.folder, "a lab of natural outliers");
  for (const VariantConfig& variant : lab.config.variants) check_run_folder(lab.run_of(variant));
}

/// The outliers of a finished run, and what its report says of its models.
NaturalVariant measure(Run& run, const Report& report) {
  NaturalVariant result;
  result.perplexity = report.models.front().perplexity;
  for (std::size_t i = 1; i < report.models.size(); ++i) {
    const ReportModel& model = report.models[i];
    result.models.push_back({model.name, model.perplexity, model.ppl_increase});
  }
  const RunText text = load_text(run);
  const auto fp32 = load_model(run.best_checkpoint());
  const EvalConfig& eval = run.config.eval;
  const std::vector<Window> windows =
      pick_windows(test_windows(text.tokens.test.runs, text.tokenizer, eval, fp32->config(), eval.max_windows),
                   eval.outlier_windows);
  measure_natural_outliers(result, *fp32, text.tokenizer, windows, eval.outliers, eval.batch_tokens);
  return result;
}

NaturalVariant run_variant(const NaturalLabRun& lab, const VariantConfig& variant, ProgressSink& progress) {
  stop_if_interrupted("the lab");
  progress.note("variant " + variant.name);
  Run run = lab.run_of(variant);
  train_stage(run, progress);
  quantize_stage(run, progress);
  eval_stage(run, progress);
  NaturalVariant result = measure(run, report_stage(run, progress));
  result.name = variant.name;
  result.set = variant.set;
  result.report = variant.name + "/report.html";
  return result;
}

NaturalLab describe(const NaturalLabRun& lab) {
  const RunConfig first = lab.run_of(lab.config.variants.front()).config;
  NaturalLab result;
  result.name = lab.config.run.name;
  result.threshold = first.eval.outliers.threshold;
  result.confidence = first.eval.bootstrap.confidence;
  result.steps = first.train.steps;
  result.provenance = {.octet_version = OCTET_VERSION,
                       .commit = program_commit(),
                       .command = "octet run " + (lab.folder / "config.yaml").string(),
                       .config = to_yaml(lab.config),
                       .created = utc_now()};
  return result;
}

}  // namespace

void natural_lab_verb(const CommonOptions& common, const NaturalLabRun& lab) {
  use_device(lab.config.run);
  check_folders(lab);
  Run outer = {RunConfig(), lab.folder};  // locked in the same way
  lock_run(outer);
  print_start(common, lab.config.run.device);
  const auto progress = make_progress(common);
  NaturalLabConfig stored = lab.config;
  stored.run.train.resume = TrainConfig().resume;  // an order for one command, as in write_run_config()
  write_file_atomically(lab.folder / "config.yaml", stored_config(to_yaml(stored)));
  NaturalLab result = describe(lab);
  for (const VariantConfig& variant : lab.config.variants) {
    try {
      result.variants.push_back(run_variant(lab, variant, *progress));
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted) throw;
      throw Error(error.kind(), fmt::format("variant {}: {}", variant.name, error.what()));
    }
  }
  result.parameters = load_model(lab.run_of(lab.config.variants.front()).best_checkpoint())->parameter_count();
  draw_natural_lab(result, lab.folder);
  for (const std::string& notice : result.notices) progress->note(notice);
  write_natural_lab(lab.folder, result);
  if (common.json) {
    print_exactly(record_to_json(result));
  } else {
    print(natural_lab_table(result) + (lab.folder / "natural-outliers.html").string() + "\n");
  }
}

void validate_natural_lab(const NaturalLabRun& lab) {
  check_folders(lab);
  for (const VariantConfig& variant : lab.config.variants) check_memory(lab.run_of(variant));
}

}  // namespace octet
