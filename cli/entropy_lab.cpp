#include "cli/entropy_lab.h"

#include "base/config/record.h"
#include "base/files/atomic_file.h"
#include "base/files/known_folder.h"
#include "cli/compared_models.h"
#include "cli/console.h"
#include "cli/machine.h"
#include "cli/text_stage.h"
#include "eval/test_windows.h"
#include "report/labs/entropy_lab.h"
#include "report/run/report.h"

namespace octet {
namespace {

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
  const Report report = make_run(run, progress);
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
  result.provenance = describe_provenance(lab.folder, to_yaml(lab.config));
  return result;
}

}  // namespace

void entropy_lab_verb(const CommonOptions& common, const EntropyLabRun& lab) {
  EntropyLabConfig stored = lab.config;
  stored.train.resume = TrainConfig().resume;  // an order for one command, as in write_run_config()
  const auto lock = open_lab(common, lab.frame(), to_yaml(stored));
  const auto progress = make_progress(common);
  make_folder(lab.folder / "sources");
  EntropyLab result = describe(lab);
  for (const SourceConfig& source : lab.config.sources) result.sources.push_back(run_source(lab, source, *progress));
  draw_entropy_lab(result, lab.folder);
  for (const std::string& notice : result.notices) progress->note(notice);
  write_entropy_lab(lab.folder, result);
  print_lab(common, record_to_json(result), entropy_lab_table(result), lab.folder / "entropy.html");
}

void validate_entropy_lab(const EntropyLabRun& lab) {
  validate_lab(lab.frame());
}

}  // namespace octet
