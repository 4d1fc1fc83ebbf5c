#include "report/run/sections/outliers.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/number_text.h"
#include "eval/eval_config.h"
#include "eval/experiments/grid_perplexity.h"
#include "eval/outliers/layer_outliers.h"
#include "eval/outliers/outlier_impact.h"
#include "eval/score/window_batches.h"
#include "report/page/html.h"
#include "report/page/markdown.h"
#include "report/run/chart_drawer.h"
#include "report/run/measure.h"
#include "report/run/report.h"
#include "report/run/sections/charts.h"

namespace octet {
namespace {

/// Names of the columns.
std::vector<std::string> header(const Report& report) {
  return {"Layer",
          "Of",
          "std",
          "max",
          "max / std",
          fmt::format("beyond {} std", format_threshold(report.sigma_threshold)),
          fmt::format("at least {}", format_threshold(report.absolute_threshold))};
}

/// A row below them, with texts escaped.
std::vector<std::string> cells(const ReportOutliers& entry, std::string (*escape)(std::string_view)) {
  return {escape(entry.layer),
          escape(entry.kind),
          format_fixed(entry.std, 4),
          format_fixed(entry.max_abs, 3),
          format_fixed(entry.max_over_std, 1),
          format_percent(entry.share_sigma, 4),
          format_percent(entry.share_absolute, 4)};
}

std::string explanation(const Report& report) {
  return fmt::format(
      "An outlier is a value far from all others. It matters because the largest value sets the step between two "
      "levels: one value of 40 standard deviations leaves the ordinary ones few levels. Two rules find them: more than "
      "{} standard deviations from the mean, and a magnitude of at least {}.",
      format_threshold(report.sigma_threshold), format_threshold(report.absolute_threshold));
}

std::string markdown(const Report& report) {
  if (report.outliers.empty()) return "";
  std::string text = fmt::format("{}\n\n{}{}", explanation(report), kChartsHere, markdown_header(header(report)));
  for (const ReportOutliers& entry : report.outliers) text += markdown_row(cells(entry, escape_markdown));
  return text + "\n";
}

std::string html(const Report& report, const std::filesystem::path&) {
  if (report.outliers.empty()) return "";
  std::vector<std::vector<std::string>> rows;
  for (const ReportOutliers& entry : report.outliers) rows.push_back(cells(entry, escape_html));
  return "<p>" + explanation(report) + "</p>\n" + std::string(kChartsHere) +
         html_details(fmt::format("All layers ({})", rows.size()), html_table(header(report), rows, 2));
}

void measure(Report& report, const MeasuredModels& measured) {
  measured.progress.note("counting outliers");
  const EvalConfig& config = measured.config;
  const std::vector<OutlierStats> activations = activation_outliers(
      measured.fp32(), pick_windows(measured.windows(), config.outlier_windows), config.outliers, config.batch_tokens);
  report.outliers = report_outliers(activations, "activations");
  report.census = take_census(activations);
  const std::vector<ReportOutliers> weights =
      report_outliers(weight_outliers(measured.fp32(), config.outliers), "weights");
  report.outliers.insert(report.outliers.end(), weights.begin(), weights.end());
  report.sigma_threshold = config.outliers.threshold;
  report.absolute_threshold = config.outliers.absolute;
}

/// What the largest activation outliers of the model do to a grid, and what such grids cost the model.
Chart impact_chart(const Report& report, const ChartDrawer& drawer, const std::string& file) {
  constexpr int kBits = 4;              // few enough levels to see
  constexpr std::int64_t kRows = 2048;  // activations of the worst layer that the study looks at, and tokens scored
  Gpt& fp32 = drawer.sources().fp32();
  const std::vector<Window> windows = drawer.sources().windows();
  const std::string& layer = worst_activations(report).layer;
  const OutlierImpact impact =
      study_outlier_impact("inputs of " + layer, layer_inputs(fp32, windows, layer, kRows), kBits);
  OutlierChart chart = outlier_chart(impact);
  const std::vector<Window> some = pick_windows(windows, std::max<std::int64_t>(2, kRows / windows.front().length()));
  if (some.size() > 1) {
    for (const Window& window : some) chart.scored_tokens += window.length();
    const BootstrapOptions options = {.resamples = report.protocol.bootstrap_samples,
                                      .confidence = report.protocol.confidence};
    for (const int bits : {kBits, 8}) chart.costs.push_back({bits, grid_perplexity(fp32, bits, some, options)});
    chart.confidence = options.confidence;
  }
  return draw_outlier_chart(drawer.folder(), file, chart);
}

void draw(const Report& report, ChartDrawer& drawer) {
  drawer.draw("outlier_impact", "what outliers do to a grid",
              [&](const std::string& file) { return impact_chart(report, drawer, file); });
  drawer.draw("outliers_by_layer", "outliers by layer", [&](const std::string& file) {
    return draw_activation_chart(drawer.folder(), file, activation_chart(report));
  });
}

}  // namespace

std::vector<ReportOutliers> report_outliers(std::span<const OutlierStats> stats, const std::string& kind) {
  std::vector<ReportOutliers> rows;
  for (const OutlierStats& layer : stats) {
    rows.push_back({layer.layer, kind, layer.moments.standard_deviation(), layer.max_abs, layer.max_over_std,
                    layer.share_sigma(), layer.share_absolute()});
  }
  return rows;
}

ActivationChart activation_chart(const Report& report) {
  ActivationChart chart{report.sigma_threshold, report.absolute_threshold, {}};
  for (const ReportOutliers& row : report.outliers) {
    if (row.kind == "activations") {
      chart.layers.push_back({row.layer, row.max_over_std, row.share_sigma, row.share_absolute});
    }
  }
  return chart;
}

const ReportOutliers& worst_activations(const Report& report) {
  const ReportOutliers* worst = nullptr;
  for (const ReportOutliers& row : report.outliers) {
    if (row.kind == "activations" && (worst == nullptr || row.max_over_std > worst->max_over_std)) {
      worst = &row;
    }
  }
  if (worst == nullptr) {
    fail(ErrorKind::input, "report.json: outliers: expected layers of kind \"activations\", got none");
  }
  return *worst;
}

ReportSection outliers_section() {
  return {.id = "outliers", .title = "Outliers", .measure = measure, .markdown = markdown, .html = html, .draw = draw};
}

}  // namespace octet
