#include "cli/entropy_lab.h"

#include "base/config/record.h"
#include "base/files/atomic_file.h"
#include "cli/check_run.h"
#include "cli/compared_models.h"
#include "cli/console.h"
#include "cli/device.h"
#include "cli/lab_folder.h"
#include "cli/machine.h"
#include "cli/run_folder.h"
#include "cli/stages.h"
#include "cli/stored_config.h"
#include "cli/version.h"
#include "eval/labs/entropy_lab.h"
#include "eval/report/report.h"
#include "eval/test_windows.h"

namespace octet {
namespace fs = std::filesystem;

namespace {

void check_folders(const EntropyLabRun& lab) {
  check_folder(lab.folder);
  check_lab_folder(lab.folder, "an entropy lab");
  for (const SourceConfig& source : lab.config.sources) check_run_folder(lab.run_of(source));
}

/// The models of a finished run beside the source, on the windows of its report.
EntropySourceResult measure(Run& run, const SymbolSource& source, const Report& report, ProgressSink& progress) {
  const RunText text = load_text(run);
  const ComparedModels models = load_models(run);
  std::vector<EvaluatedModel> evaluated;
  for (const NamedModel& model : models.named) evaluated.push_back(model.evaluated());
  const EvalConfig& eval = run.config.eval;
  const std::vector<Window> windows =
      test_windows(text.tokens.test.runs, text.tokenizer, eval, models.owned.front()->config(), eval.max_windows);
  EntropySourceResult result = measure_source(source, entropy_rate(source), text.tokenizer, evaluated, windows,
                                              eval.bootstrap, {.batch_tokens = eval.batch_tokens}, progress);
  result.symbols = static_cast<std::int64_t>(text.corpus.text.size());
  for (std::size_t i = 0; i < result.models.size(); ++i) {
    result.models[i].bits_per_weight = report.models.at(i).bits_per_weight;
  }
  return result;
}

EntropySourceResult run_source(const EntropyLabRun& lab, const SourceConfig& config, ProgressSink& progress) {
  stop_if_interrupted("the lab");
  progress.note("source " + config.name);
  const SymbolSource source = make_source(config);
  write_file_atomically(lab.text_file(config), source.generate(lab.config.symbols, config.seed));
  Run run = lab.run_of(config);
  train_stage(run, progress);
  quantize_stage(run, progress);
  eval_stage(run, progress);
  const Report report = report_stage(run, progress);
  EntropySourceResult result = measure(run, source, report, progress);
  result.name = config.name;
  result.kind = enum_name(config.kind);
  result.report = config.name + "/report.html";
  return result;
}

EntropyLab describe(const EntropyLabRun& lab) {
  EntropyLab result;
  result.name = lab.config.name;
  result.context = lab.config.eval.context_of(lab.config.model);
  result.stride = lab.config.eval.stride_of(lab.config.model);
  result.confidence = lab.config.eval.bootstrap.confidence;
  result.provenance = {.octet_version = OCTET_VERSION,
                       .commit = program_commit(),
                       .command = "octet run " + (lab.folder / "config.yaml").string(),
                       .config = to_yaml(lab.config),
                       .created = utc_now()};
  return result;
}

}  // namespace

void entropy_lab_verb(const CommonOptions& common, const EntropyLabRun& lab) {
  use_device(lab.run_of(lab.config.sources.front()).config);
  check_folders(lab);
  Run outer = {RunConfig(), lab.folder};  // locked in the same way
  lock_run(outer);
  print_start(common, lab.config.device);
  const auto progress = make_progress(common);
  EntropyLabConfig stored = lab.config;
  stored.train.resume = TrainConfig().resume;  // an order for one command, as in write_run_config()
  write_file_atomically(lab.folder / "config.yaml", stored_config(to_yaml(stored)));
  make_folder(lab.folder / "sources");
  EntropyLab result = describe(lab);
  for (const SourceConfig& source : lab.config.sources) result.sources.push_back(run_source(lab, source, *progress));
  draw_entropy_lab(result, lab.folder);
  for (const std::string& notice : result.notices) progress->note(notice);
  write_entropy_lab(lab.folder, result);
  if (common.json) {
    print_exactly(record_to_json(result));
  } else {
    print(entropy_lab_table(result) + (lab.folder / "entropy.html").string() + "\n");
  }
}

void validate_entropy_lab(const EntropyLabRun& lab) {
  check_folders(lab);
  check_memory(lab.run_of(lab.config.sources.front()));
}

}  // namespace octet
