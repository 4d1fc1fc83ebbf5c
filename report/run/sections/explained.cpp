#include "report/run/sections/explained.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "base/number_text.h"
#include "eval/eval_config.h"
#include "eval/explain/best_input.h"
#include "eval/score/window_batches.h"
#include "report/page/html.h"
#include "report/page/markdown.h"
#include "report/run/measure.h"
#include "report/run/report.h"

namespace octet {
namespace {

constexpr const char* kExplanation =
    "Of each kind of layer the one with the largest outliers: its inputs and weights were rounded in many ways, each "
    "predicted by a formula before it was measured. Errors are mean squares of the layer's output, in percent of the "
    "mean square that FP32 puts out. The command octet explain says the same of any layer.";
constexpr std::int64_t kRows = 1024;  // inputs of each layer

/// The layers that the configuration asks for, in the order of the model.
std::vector<std::string> layers_to_explain(const Report& report, std::int64_t count) {
  std::map<std::string, const ReportOutliers*> worst;  // of each kind
  for (const ReportOutliers& row : report.outliers) {
    if (row.kind != "activations") continue;
    const ReportOutliers*& so_far = worst[kind_of_layer(row.layer)];
    if (so_far == nullptr || row.max_over_std > so_far->max_over_std) so_far = &row;
  }
  std::vector<const ReportOutliers*> rows;
  for (const auto& [kind, row] : worst) rows.push_back(row);
  std::stable_sort(rows.begin(), rows.end(),
                   [](const ReportOutliers* a, const ReportOutliers* b) { return a->max_over_std > b->max_over_std; });
  rows.resize(std::min(rows.size(), static_cast<std::size_t>(count)));
  std::sort(rows.begin(), rows.end());  // addresses in one array
  std::vector<std::string> layers;
  for (const ReportOutliers* row : rows) layers.push_back(row->layer);
  return layers;
}

/// What helps, before why: a row for each layer.
std::vector<std::string> summary_header() {
  return {"Layer", "Helps most", "of one scale's error it removes", "a scale per token removes", "clipping removes"};
}

std::vector<std::string> summary_row(const LayerFacts& facts) {
  const auto error_of = [&](InputMethod method) {
    const auto found = std::find_if(facts.inputs.begin(), facts.inputs.end(),
                                    [&](const InputError& error) { return error.method == method; });
    return found == facts.inputs.end() ? kNotMeasured : found->measured;
  };
  const double fixed = error_of(InputMethod::fixed);
  const auto removes = [&](double error) { return format_percent(1 - error / fixed, 1); };
  const InputError* best = best_input(facts);
  return {facts.layer, best == nullptr ? "n/a" : title_of(best->method),
          removes(best == nullptr ? kNotMeasured : best->measured), removes(error_of(InputMethod::token)),
          removes(error_of(InputMethod::fixed_clipped))};
}

std::vector<std::string> header() {
  return {"int8 inputs, int8 weights", "predicted", "measured"};
}

std::vector<std::vector<std::string>> rows(const LayerFacts& facts) {
  const auto text = [](double error) { return std::isfinite(error) ? error_text(error) : std::string("n/a"); };
  std::vector<std::vector<std::string>> lines;
  for (const InputError& error : facts.inputs) {
    lines.push_back({title_of(error.method), text(error.predicted), text(error.measured)});
  }
  for (const WeightError& error : facts.weights) {
    lines.push_back(
        {std::string("weights alone: ") + title_of(error.method), text(error.predicted), text(error.measured)});
  }
  return lines;
}

std::string markdown(const Report& report) {
  if (report.explained.empty()) return "";
  std::string text = fmt::format("{}\n\n{}", kExplanation, markdown_header(summary_header()));
  for (const ExplainedLayer& layer : report.explained) {
    std::vector<std::string> cells = summary_row(layer.facts);
    cells.front() = escape_markdown(cells.front());
    text += markdown_row(cells);
  }
  text += "\n";
  for (const ExplainedLayer& layer : report.explained) {
    text += fmt::format("### {}\n\n", escape_markdown(layer.facts.layer));
    for (const LayerVerdict& verdict : layer.verdicts) text += "- " + escape_markdown(verdict.text) + "\n";
    if (!layer.facts.inputs.empty()) {
      text += "\n" + markdown_header(header());
      for (const auto& row : rows(layer.facts)) text += markdown_row(row);
    }
    text += "\n";
  }
  return text;
}

std::string html(const Report& report, const std::filesystem::path&) {
  std::vector<std::vector<std::string>> summary;
  std::string body;
  for (const ExplainedLayer& layer : report.explained) {
    summary.push_back(summary_row(layer.facts));
    summary.back().front() = escape_html(summary.back().front());
    body += fmt::format("<h3>{}</h3>\n<ul>\n", escape_html(layer.facts.layer));
    for (const LayerVerdict& verdict : layer.verdicts) body += "<li>" + escape_html(verdict.text) + "</li>\n";
    body += "</ul>\n";
    if (!layer.facts.inputs.empty()) {
      body += html_details(fmt::format("Every method on {}", escape_html(layer.facts.layer)),
                           html_table(header(), rows(layer.facts)));
    }
  }
  if (body.empty()) return "";
  return fmt::format("<p>{}</p>\n{}{}", escape_html(kExplanation), html_table(summary_header(), summary, 2), body);
}

void measure(Report& report, const MeasuredModels& measured) {
  const std::vector<std::string> layers = layers_to_explain(report, measured.config.explain_layers);
  if (layers.empty()) return;
  measured.progress.note("explaining layers");
  const std::vector<Window> windows = measured.windows();
  const std::vector<Window> some = pick_windows(windows, std::max<std::int64_t>(1, kRows / windows.front().length()));
  for (const LayerFacts& facts : explain_layers(measured.fp32(), layers, some, kRows, measured.progress)) {
    report.explained.push_back({facts, verdicts(facts)});
  }
}

}  // namespace

ReportSection explained_section() {
  return {.id = "explained",
          .title = "What helps a layer, and why",
          .measure = measure,
          .markdown = markdown,
          .html = html};
}

}  // namespace octet
