#include <algorithm>

#include <fmt/ranges.h>

#include "base/shown_text.h"
#include "base/terminal.h"
#include "base/wrap_text.h"
#include "cli/console.h"
#include "cli/run_folder.h"
#include "cli/seed_runs.h"
#include "cli/shared_options.h"
#include "cli/stages.h"
#include "cli/text_stage.h"
#include "cli/verbs.h"
#include "eval/score/window_batches.h"
#include "eval/test_windows.h"
#include "nn/files/model_file.h"
#include "report/charts/terminal_chart.h"
#include "report/run/chart_drawer.h"

namespace octet {
namespace {

struct ReportArguments : ConfigArguments {
  bool plot = false;                ///< charts in the terminal too
  std::vector<std::string> charts;  ///< their names; empty: the headline ones
};

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

/// What the charts of a run are drawn from. The model is read when the first of them needs it, so that without it the
/// others are drawn.
class RunSources {
 public:
  explicit RunSources(const Run& run) : run_(run) {}

  ChartSources sources() {
    return {.metrics = run_.metrics_file(),
            .recipes = run_.config.quantize,
            .fp32 = [this]() -> Gpt& { return fp32(); },
            .windows = [this] { return outlier_windows(run_, fp32().config()); }};
  }

 private:
  Gpt& fp32() {
    if (!model_) model_ = load_model(run_.best_checkpoint());
    return *model_;
  }

  const Run& run_;
  std::unique_ptr<Gpt> model_;
};

/// Before anything is drawn or written: error (config) naming the charts there are where one of `names` is none.
void check_chart_names(const std::vector<std::string>& names, const Report& report, const ChartSources& sources) {
  if (names.empty()) return;
  const std::vector<std::string> known = chart_names(report, sources);
  for (const std::string& name : names) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      fail(ErrorKind::config, "--chart: expected one of {}, got \"{}\"", fmt::join(known, ", "), excerpt(name));
    }
  }
}

/// Before any work: what would keep charts out of the terminal.
void check_plot(const CommonOptions& common) {
  if (common.json) {
    fail(ErrorKind::config, "--plot: expected no --json beside it, which leaves nothing else on stdout");
  }
  if (const ChartSupport support = charts_available(); !support.available) {
    fail(ErrorKind::capability, "--plot: {}", support.reason);
  }
}

/// The charts of these names; where none is named, those that answer the first questions.
std::vector<Chart> choose_charts(const Report& report, const std::vector<std::string>& names) {
  const auto has_name = [](const std::vector<std::string>& list, const Chart& chart) {
    return std::find(list.begin(), list.end(), chart.name) != list.end();
  };
  const std::vector<std::string> headline = {"perplexity_size", "speed"};
  std::vector<Chart> charts;
  for (const Chart& chart : report.charts) {
    if (has_name(names.empty() ? headline : names, chart)) charts.push_back(chart);
  }
  return charts;
}

/// Prints charts, each as wide as the terminal, with its caption. One that could not be drawn is named.
void plot(const Report& report, const std::vector<std::string>& names, const std::filesystem::path& folder) {
  constexpr int kLeastColumns = 60, kMostColumns = 160;
  TerminalRoom room;
  room.columns = std::clamp(static_cast<int>(terminal_columns(stdout)), kLeastColumns, kMostColumns);
  room.rows = room.columns * 3 / 10;
  room.colours = terminal_has_colours(stdout);
  for (const Chart& chart : choose_charts(report, names)) {
    const std::string drawn = terminal_chart(folder, chart.name, room);  // has no control characters but colours
    print_exactly(fmt::format("\n{}", drawn));
    print(wrapped(chart.caption, terminal_columns(stdout)) + "\n");
  }
  const auto was_drawn = [&](const std::string& name) {
    return std::any_of(report.charts.begin(), report.charts.end(),
                       [&](const Chart& chart) { return chart.name == name; });
  };
  for (const std::string& name : names) {
    if (!was_drawn(name)) print(fmt::format("\n{} was left out; the report says why\n", name));
  }
}

}  // namespace

Report report_stage(const Run& run, ProgressSink& progress, const std::vector<std::string>& wanted_charts) {
  Report report = read_report(run.report_file());
  check_measured_on_these(run, report);
  const std::vector<std::string> notices = put_seeds(run, report);
  RunSources loaded(run);
  const ChartSources sources = loaded.sources();
  check_chart_names(wanted_charts, report, sources);
  DrawnCharts drawn = draw_charts(run.folder / "charts", report, sources, progress);
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

void report_verb(const CommonOptions& common, const ReportArguments& arguments) {
  if (!arguments.charts.empty() && !arguments.plot) {
    fail(ErrorKind::config, "--chart: expected --plot beside it, got none");
  }
  if (arguments.plot) check_plot(common);
  Run run = read_stage(common, arguments, Stage::report);
  check_run_folder(run);
  lock_run(run);
  const auto progress = make_progress(common);
  const Report report = report_stage(run, *progress, arguments.charts);
  print_report(common, report, run.report_page());
  if (arguments.plot) plot(report, arguments.charts, run.folder / "charts");
}

}  // namespace

void add_report(VerbList& verbs) {
  auto [options, arguments] = verbs.add("report", "draw the charts and write the report again", report_verb);
  add_config_arguments(options, arguments);
  options.flag("--plot", arguments.plot, "draw charts in the terminal too: size and quality, and speed");
  options.repeated("--chart", arguments.charts, "of --plot: name of a chart; may be given several times");
  options.without({"--seed"});
}

}  // namespace octet
