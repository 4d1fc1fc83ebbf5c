#include "report/run/sections/outlier_lab.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/number_text.h"
#include "nn/files/quantized_file.h"
#include "report/page/html.h"
#include "report/page/markdown.h"
#include "report/run/chart_drawer.h"
#include "report/run/measure.h"
#include "report/run/report.h"
#include "report/run/sections/charts.h"

namespace octet {
namespace {

/// The rows of one scheme, by k.
std::vector<OutlierLabRow> rows_of(const OutlierLab& lab, const std::string& scheme) {
  std::vector<OutlierLabRow> rows;
  std::copy_if(lab.rows.begin(), lab.rows.end(), std::back_inserter(rows),
               [&](const OutlierLabRow& row) { return row.scheme == scheme; });
  return rows;
}

bool is_quantized(const OutlierLabScheme& scheme) {
  return scheme.name != "fp32";
}

std::string planted_where(const OutlierLab& lab, std::string (*escape)(std::string_view)) {
  return fmt::format("channel{} {} of {} in {}", lab.channels.size() == 1 ? "" : "s", fmt::join(lab.channels, ", "),
                     escape(fmt::format("{}", fmt::join(lab.places, " and "))),
                     lab.layers.empty()
                         ? std::string("every block")
                         : fmt::format("block{} {}", lab.layers.size() == 1 ? "" : "s", fmt::join(lab.layers, ", ")));
}

std::string what_was_done(const OutlierLab& lab, std::string (*escape)(std::string_view)) {
  return fmt::format(
      "These outliers were planted, the model did not grow them: {} became 2^k times as large, and the weights that read "
      "them 2^-k times. Multiplying by a power of two rounds nothing, so {}. What the lines below differ in is "
      "quantization alone. {} tokens in {} windows of the test text; FP32 is the model as it was trained.",
      planted_where(lab, escape),
      lab.fp32_bit_identical ? "the FP32 model computes bit for bit the same logits for every k (compared here)"
                             : "the FP32 model should compute the same logits for every k, BUT IT DID NOT HERE",
      format_integer(lab.scored_tokens), format_integer(lab.windows));
}

/// Schemes that stay within this share of their own cost without outliers are said to hold.
constexpr double kHolds = 0.003;

/// "+0.27 %", "+551 %"; a model that is a hundred times as bad is ruined, however much more.
std::string cost(double increase) {
  constexpr double kDoubled = 1, kRuined = 100;
  if (increase > kRuined) return "over 10,000 %";
  return increase > kDoubled ? fmt::format("+{} %", format_integer(std::llround(100 * increase)))
                             : format_change(increase);
}

struct Ends {
  std::string scheme;
  double first, last;
};

std::vector<Ends> ends_of(const OutlierLab& lab) {
  std::vector<Ends> ends;
  for (const OutlierLabScheme& scheme : lab.schemes) {
    const std::vector<OutlierLabRow> rows = rows_of(lab, scheme.name);
    if (is_quantized(scheme) && !rows.empty()) {
      ends.push_back({scheme.name, rows.front().ppl_increase, rows.back().ppl_increase});
    }
  }
  return ends;
}

/// "At k = 9 `static` costs +5000 %. Unmoved, within 0.3 points of what they cost at k = 0: `smooth`, `llm-int8`."
std::string what_came_out(const OutlierLab& lab, std::string (*escape)(std::string_view)) {
  const std::vector<Ends> ends = ends_of(lab);
  if (ends.empty()) return "";
  const auto worst = std::max_element(ends.begin(), ends.end(), [](const Ends& a, const Ends& b) {
    return (std::isfinite(a.last) ? a.last : 0) < (std::isfinite(b.last) ? b.last : 0);
  });
  std::vector<std::string> held;
  for (const Ends& end : ends) {
    if (std::abs(end.last - end.first) <= kHolds) held.push_back(escape(end.scheme));
  }
  return fmt::format("From k = {} to k = {} the cost of {} goes from {} to {}. {}", lab.rows.front().k,
                     lab.rows.back().k, escape(worst->scheme), cost(worst->first), cost(worst->last),
                     held.empty() ? std::string("No scheme holds.")
                                  : fmt::format("These hold, within {} points: {}.", format_fixed(100 * kHolds, 1),
                                                fmt::join(held, ", ")));
}

std::vector<std::string> header(const OutlierLab& lab) {
  std::vector<std::string> names = {"Scheme"};
  for (const OutlierLabRow& row : rows_of(lab, "fp32")) names.push_back(fmt::format("k = {}", row.k));
  return names;
}

std::vector<std::vector<std::string>> table(const OutlierLab& lab, std::string (*escape)(std::string_view)) {
  std::vector<std::vector<std::string>> lines;
  for (const OutlierLabScheme& scheme : lab.schemes) {
    if (!is_quantized(scheme)) continue;
    std::vector<std::string> line = {escape(scheme.name) + (scheme.simulated ? " (simulated)" : "")};
    for (const OutlierLabRow& row : rows_of(lab, scheme.name)) line.push_back(cost(row.ppl_increase));
    lines.push_back(std::move(line));
  }
  return lines;
}

std::string list(const OutlierLab& lab, std::string (*escape)(std::string_view), const std::string& begin,
                 const std::string& end) {
  std::string text;
  for (const OutlierLabScheme& scheme : lab.schemes) {
    text += begin + escape(scheme.name) + ": " + escape(scheme.description) + end;
  }
  return text;
}

std::string markdown(const Report& report) {
  if (!report.outlier_lab) return "";
  const OutlierLab& lab = *report.outlier_lab;
  std::string text = what_was_done(lab, escape_markdown) + "\n\n" + what_came_out(lab, escape_markdown) + "\n\n" +
                     std::string(kChartsHere) + "Perplexity beside FP32:\n\n" + markdown_header(header(lab));
  for (const auto& line : table(lab, escape_markdown)) text += markdown_row(line);
  return text + "\n" + list(lab, escape_markdown, "- ", "\n") + "\n";
}

std::string html(const Report& report, const std::filesystem::path&) {
  if (!report.outlier_lab) return "";
  const OutlierLab& lab = *report.outlier_lab;
  return "<p>" + what_was_done(lab, escape_html) + "</p>\n<p>" + what_came_out(lab, escape_html) + "</p>\n" +
         std::string(kChartsHere) + "<p>Perplexity beside FP32:</p>\n" +
         html_table(header(lab), table(lab, escape_html)) +
         html_details("What the schemes are", "<ul>" + list(lab, escape_html, "<li>", "</li>") + "</ul>");
}

Chart lab_chart(const OutlierLab& lab, const std::filesystem::path& folder, const std::string& file) {
  OutlierLabChart chart;
  for (const OutlierLabRow& row : rows_of(lab, "fp32")) chart.exponents.push_back(row.k);
  for (const OutlierLabScheme& scheme : lab.schemes) {
    if (!is_quantized(scheme)) continue;
    OutlierSweep sweep = {scheme.name, {}};
    for (const OutlierLabRow& row : rows_of(lab, scheme.name)) sweep.increase.push_back(row.ppl_increase);
    chart.sweeps.push_back(std::move(sweep));
  }
  return draw_outlier_lab_chart(folder, file, chart);
}

void draw(const Report& report, ChartDrawer& drawer) {
  if (!report.outlier_lab) return;
  drawer.draw("outlier_lab", "planted outliers",
              [&](const std::string& file) { return lab_chart(*report.outlier_lab, drawer.folder(), file); });
}

/// Where the configuration asks for it.
void measure(Report& report, const MeasuredModels& measured) {
  const EvalConfig& config = measured.config;
  if (!config.outlier_lab) return;
  const std::unique_ptr<Gpt> fp32 = load_model(measured.folders.front());  // on the CPU
  report.outlier_lab = run_outlier_lab(*fp32, measured.recipes, *config.outlier_lab,
                                       {.windows = measured.windows(config.outlier_lab->windows),
                                        .calibration = measured.calibration,
                                        .batch_tokens = config.batch_tokens},
                                       config.bootstrap, measured.progress);
}

}  // namespace

ReportSection outlier_lab_section() {
  return {.id = "outlier-lab",
          .title = "Outliers on purpose",
          .measure = measure,
          .markdown = markdown,
          .html = html,
          .draw = draw};
}

}  // namespace octet
