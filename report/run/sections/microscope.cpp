#include "report/run/sections/microscope.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/number_text.h"
#include "base/shown_text.h"
#include "report/page/html.h"
#include "report/page/markdown.h"
#include "report/run/chart_drawer.h"
#include "report/run/measure.h"
#include "report/run/report.h"

namespace octet {
namespace {

struct ChosenMatrix {
  std::string tensor, reason;
};

/// Each matrix once: the first reason counts.
std::vector<ChosenMatrix> choose_matrices(const Report& report) {
  std::vector<ChosenMatrix> chosen;
  const auto choose = [&](const std::string& tensor, std::string reason) {
    if (std::none_of(chosen.begin(), chosen.end(), [&](const auto& other) { return other.tensor == tensor; })) {
      chosen.push_back({tensor, std::move(reason)});
    }
  };
  const ReportLayerError* worst = nullptr;
  const ReportModel* hurt = nullptr;
  for (const ReportModel& model : report.models) {
    for (const ReportLayerError& error : model.layer_errors) {
      if (!std::isfinite(error.snr_db) || (worst != nullptr && error.snr_db >= worst->snr_db)) continue;
      worst = &error;
      hurt = &model;
    }
  }
  if (worst != nullptr) {
    choose(worst->layer, fmt::format("the matrix that quantization hurt most, in {}", hurt->name));
  }
  std::vector<const ReportOutliers*> weights;
  for (const ReportOutliers& row : report.outliers) {
    if (row.kind == "weights" && std::isfinite(row.max_over_std)) weights.push_back(&row);
  }
  std::stable_sort(weights.begin(), weights.end(),
                   [](const ReportOutliers* a, const ReportOutliers* b) { return a->max_over_std > b->max_over_std; });
  if (!weights.empty()) {
    choose(weights.front()->layer, "the matrix with the largest outlier");
    choose(weights[weights.size() / 2]->layer, "an ordinary matrix: half of them have larger outliers");
  }
  return chosen;
}

constexpr const char* kExplanation =
    "The weights of a few matrices as they meet a grid: which levels they use and which are wasted, what a clip costs and "
    "gains, and how near each format comes to the least error that any code of its size can make.";

std::vector<std::string> header() {
  return {"Matrix", "Looked at because", "largest / std", "int4 levels used", "clipped, of the largest", "gains (dB)"};
}

std::vector<std::string> cells(const MatrixView& view, std::string (*escape)(std::string_view)) {
  return {escape(view.tensor),
          escape(view.reason),
          format_fixed(view.max_abs / view.std, 1),
          fmt::format("{} of {}", view.full.used(), view.full.counts.size()),
          format_percent(view.clipped.clip / view.max_abs, 0),
          format_fixed(10 * std::log10(view.full.relative_mse / view.clipped.relative_mse), 2)};
}

std::string markdown(const Report& report) {
  if (report.microscope.empty()) return "";
  std::string text = std::string(kExplanation) + "\n\n" + markdown_header(header());
  for (const MatrixView& view : report.microscope) text += markdown_row(cells(view, escape_markdown));
  return text + "\n";
}

/// The data of a matrix for the script of the page (report/page/microscope_script.cpp).
std::string option(const MatrixView& view) {
  std::string row_max;
  for (const double largest : view.sample.row_max)
    row_max += fmt::format("{}{:.6g}", row_max.empty() ? "" : " ", largest);
  return fmt::format(
      "<option data-weights=\"{}\" data-columns=\"{}\" data-row-max=\"{}\" data-max=\"{:.6g}\">{}</option>\n",
      escape_html(view.sample.weights), view.sample.columns, row_max, view.max_abs, escape_html(view.tensor));
}

/// The controls are hidden until the script shows them: without it they would do nothing.
std::string live_grid(const std::vector<MatrixView>& views) {
  std::string options;
  for (const MatrixView& view : views) options += option(view);
  return fmt::format(R"(<div class="live" id="live-grid" hidden>
<h3>Move the grid</h3>
<p>These are real weights, a few thousand of the matrix. Take bits away, and clip: the levels (orange where weights use
them, grey where none does) and the error follow.</p>
<div class="controls">
<label>Matrix <select id="live-matrix">
{}</select></label>
<label>One scale for <select id="live-scope"><option value="tensor">the matrix</option><option value="row">each
row</option><option value="block">each 32 weights</option></select></label>
<label>Bits <output id="live-bits-value"></output> <input type="range" id="live-bits" min="2" max="8" value="4"></label>
<label>Clip <output id="live-clip-value"></output> <input type="range" id="live-clip" min="4" max="100" value="100"></label>
</div>
<p class="readout" id="live-readout" aria-live="polite"></p>
<svg id="live-weights" viewBox="0 0 720 230" role="img" aria-label="Weights and levels of the grid"></svg>
<svg id="live-errors" viewBox="0 0 720 230" role="img" aria-label="Error against the clip"></svg>
</div>
)",
                     options);
}

std::string html(const Report& report, const std::filesystem::path&) {
  if (report.microscope.empty()) return "";
  std::vector<std::vector<std::string>> rows;
  for (const MatrixView& view : report.microscope) rows.push_back(cells(view, escape_html));
  return std::string("<p>") + kExplanation + "</p>\n" + html_table(header(), rows, 2) + live_grid(report.microscope);
}

void draw(const Report& report, ChartDrawer& drawer) {
  for (const MatrixView& view : report.microscope) {
    drawer.draw(file_name_for("microscope_" + view.tensor), view.tensor + " under the microscope",
                [&](const std::string& file) { return draw_matrix_chart(drawer.folder(), file, view); });
  }
}

void measure(Report& report, const MeasuredModels& measured) {
  report.microscope.clear();
  for (const ChosenMatrix& matrix : choose_matrices(report)) {
    for (const Module::NamedParameter& entry : measured.fp32().parameters()) {
      if (entry.path != matrix.tensor || entry.parameter->value().rank() != 2) continue;
      try {
        report.microscope.push_back(
            view_matrix(matrix.tensor, matrix.reason, entry.parameter->value().to(DeviceKind::cpu)));
      } catch (const Error& error) {
        if (error.kind() == ErrorKind::interrupted) throw;
        measured.progress.note(fmt::format("note: the microscope leaves a matrix out: {}", error.what()));
      }
    }
  }
}

}  // namespace

ReportSection microscope_section() {
  return {.id = "microscope",
          .title = "Under the microscope",
          .measure = measure,
          .markdown = markdown,
          .html = html,
          .draw = draw};
}

}  // namespace octet
