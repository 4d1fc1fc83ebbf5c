#include "cli/natural_lab.h"

#include "base/config/record.h"
#include "cli/console.h"
#include "cli/machine.h"
#include "cli/text_stage.h"
#include "eval/score/window_batches.h"
#include "eval/test_windows.h"
#include "nn/files/model_file.h"
#include "report/labs/natural_outliers.h"

namespace octet {
namespace {

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
  NaturalVariant result = measure(run, make_run(run, progress));
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
  result.provenance = describe_provenance(lab.folder, to_yaml(lab.config));
  return result;
}

}  // namespace

void natural_lab_verb(const CommonOptions& common, const NaturalLabRun& lab) {
  NaturalLabConfig stored = lab.config;
  stored.run.train.resume = TrainConfig().resume;  // an order for one command, as in write_run_config()
  const auto lock = open_lab(common, lab.frame(), to_yaml(stored));
  const auto progress = make_progress(common);
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
  print_lab(common, record_to_json(result), natural_lab_table(result), lab.folder / "natural-outliers.html");
}

void validate_natural_lab(const NaturalLabRun& lab) {
  validate_lab(lab.frame());
}

}  // namespace octet
