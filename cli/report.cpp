#include "cli/console.h"
#include "cli/run_folder.h"
#include "cli/seed_runs.h"
#include "cli/shared_options.h"
#include "cli/stages.h"
#include "cli/text_stage.h"
#include "cli/verbs.h"
#include "eval/report/chart_drawer.h"
#include "eval/score/window_batches.h"
#include "eval/test_windows.h"
#include "nn/files/model_file.h"

namespace octet {
namespace {

/// Error (input) where a model of the report has other weights by now: its numbers would stand beside charts of
/// another. A model that is gone is no fault: the report was measured, only the charts need it.
void check_measured_on(const Run& run, const ReportModel& model, const std::filesystem::path& folder) {
  std::error_code ignored;
  if (model.weights_sha256.empty() || !std::filesystem::exists(folder / kModelWeightsFile, ignored)) {
    return;
  }
  if (const std::string found = weights_sha256(folder); found != model.weights_sha256) {
    fail(ErrorKind::input,
         "{}: \"{}\" was measured on weights of SHA-256 {}, but {} has others, {}; measure again: octet eval {}",
         run.report_file().string(), model.name, model.weights_sha256, folder.string(), found, run.folder.string());
  }
}

void check_measured_on_these(const Run& run, const Report& report) {
  for (std::size_t i = 0; i < report.models.size(); ++i) {
    const ReportModel& model = report.models[i];
    if (i == 0) {
      check_measured_on(run, model, run.best_checkpoint());
    }
    for (const Recipe& recipe : run.config.quantize) {
      if (i > 0 && recipe.name == model.name) {
        check_measured_on(run, model, run.quantized(recipe));
      }
    }
  }
}

/// The windows in which the outliers of the report were counted.
std::vector<Window> outlier_windows(Run run, const GptConfig& model) {
  const RunText text = load_text(run);
  const EvalConfig& eval = run.config.eval;
  return pick_windows(test_windows(text.tokens.test.runs, text.tokenizer, eval, model, eval.max_windows),
                      eval.outlier_windows);
}

/// The charts of a run. The model is read when the first of them needs it, so that without it the others are drawn.
DrawnCharts draw_charts_of(const Run& run, const Report& report, ProgressSink& progress) {
  std::unique_ptr<Gpt> model;
  const auto fp32 = [&]() -> Gpt& {
    if (!model) {
      model = load_model(run.best_checkpoint());
    }
    return *model;
  };
  const ChartSources sources = {
      .metrics = run.metrics_file(), .recipes = run.config.quantize, .fp32 = fp32, .windows = [&] {
        return outlier_windows(run, fp32().config());
      }};
  return draw_charts(run.folder / "charts", report, sources, progress);
}

}  // namespace

Report report_stage(const Run& run, ProgressSink& progress) {
  Report report = read_report(run.report_file());
  check_measured_on_these(run, report);
  const std::vector<std::string> notices = put_seeds(run, report);
  DrawnCharts drawn = draw_charts_of(run, report, progress);
  report.charts = std::move(drawn.charts);
  report.notices = std::move(drawn.notices);
  report.notices.insert(report.notices.end(), notices.begin(), notices.end());
  for (const std::string& notice : notices) progress.note(notice);
  write_report(run.folder, report);
  return report;
}

void print_report(const CommonOptions& common, const Report& report, const std::filesystem::path& file) {
  if (common.json) {
    print_exactly(report_to_json(report));
    return;
  }
  print(fmt::format("{}\n{}\n", report_table(report), file.string()));
}

namespace {

void report_verb(const CommonOptions& common, const ConfigArguments& arguments) {
  Run run = read_stage(common, arguments, Stage::report);
  check_run_folder(run);
  lock_run(run);
  const auto progress = make_progress(common);
  print_report(common, report_stage(run, *progress), run.report_page());
}

}  // namespace

void add_report(VerbList& verbs) {
  auto [options, arguments] = verbs.add("report", "draw the charts and write the report again", report_verb);
  add_config_arguments(options, arguments);
}

}  // namespace octet
