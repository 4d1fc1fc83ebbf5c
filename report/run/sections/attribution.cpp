#include "report/run/sections/attribution.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/number_text.h"
#include "eval/score/window_batches.h"
#include "report/page/html.h"
#include "report/page/markdown.h"
#include "report/run/chart_drawer.h"
#include "report/run/measure.h"
#include "report/run/report.h"
#include "report/run/sections/charts.h"

namespace octet {
namespace {

std::vector<const ReportModel*> measured(const Report& report) {
  std::vector<const ReportModel*> models;
  for (const ReportModel& model : report.models) {
    if (!model.attribution.layers.empty()) models.push_back(&model);
  }
  return models;
}

const char* const kExplanation =
    "Each layer was quantized alone in the FP32 model, and put back to FP32 alone in the quantized one. \"Alone\" is what "
    "the loss rises by in the first case, \"last\" what it falls by in the second, in nats per token: they differ where "
    "layers feel the errors of others. \"Weights\" and \"inputs\" are what rounding one of them alone costs, \"cross\" what "
    "both together cost beyond that. \"Predicted\" is \"weights\" by the gradient and the Fisher matrix of the FP32 "
    "model (first and second order), without rounding anything. Small costs may be negative: on so many tokens they are "
    "within chance.";

/// "+0.00123"
std::string nats(double value) {
  constexpr double kMost = 1e6;  // more is absurd, and is written with a power of ten
  if (!std::isfinite(value)) return "n/a";
  return std::abs(value) < kMost ? fmt::format("{:+.5f}", value) : fmt::format("{:+.3g}", value);
}

std::string sum_of(const ReportModel& model) {
  const Attribution& costs = model.attribution;
  const std::string sums = fmt::format("The layers of {} cost {} nats one by one and {} together", model.name,
                                       nats(costs.total - costs.remainder), nats(costs.total));
  if (!std::isfinite(costs.remainder / costs.total)) return sums + ".";
  if (std::abs(costs.remainder) >= std::abs(costs.total)) {
    return sums + ": so little that chance makes most of it, and no layer stands out for sure.";
  }
  return fmt::format("{}: {} of the whole is left to how errors meet.", sums,
                     format_percent(costs.remainder / costs.total, 1));
}

const std::vector<std::string>& header() {
  static const std::vector<std::string> names = {"Layer",  "Alone", "Weights", "Predicted",
                                                 "Inputs", "Cross", "Last",    "Share of the sum"};
  return names;
}

/// The costliest layer first.
std::vector<std::vector<std::string>> rows(const ReportModel& model, std::string (*escape)(std::string_view)) {
  std::vector<LayerCost> layers = model.attribution.layers;
  std::stable_sort(layers.begin(), layers.end(), [](const LayerCost& a, const LayerCost& b) {
    return (std::isfinite(a.alone) ? a.alone : -1e9) > (std::isfinite(b.alone) ? b.alone : -1e9);
  });
  const double sum = model.attribution.total - model.attribution.remainder;
  std::vector<std::vector<std::string>> lines;
  for (const LayerCost& layer : layers) {
    lines.push_back({escape(layer.layer), nats(layer.alone), nats(layer.weights), nats(layer.predicted),
                     nats(layer.inputs), nats(layer.cross()), nats(layer.last),
                     sum > 0 ? format_percent(layer.alone / sum, 1) : "n/a"});
  }
  return lines;
}

std::string markdown(const Report& report) {
  const auto models = measured(report);
  if (models.empty()) return "";
  std::string text = fmt::format("{}\n\n{}", kExplanation, kChartsHere);
  for (const ReportModel* model : models) {
    text += escape_markdown(sum_of(*model)) + "\n\n" + markdown_header(header());
    for (const auto& row : rows(*model, escape_markdown)) text += markdown_row(row);
    text += "\n";
  }
  return text;
}

std::string html(const Report& report, const std::filesystem::path&) {
  std::string body;
  for (const ReportModel* model : measured(report)) {
    body += "<p>" + escape_html(sum_of(*model)) + "</p>\n" +
            html_details(fmt::format("Every layer of {}", escape_html(model->name)),
                         html_table(header(), rows(*model, escape_html)));
  }
  return body.empty() ? "" : fmt::format("<p>{}</p>\n{}{}", kExplanation, kChartsHere, body);
}

/// More models make the bars of one layer too thin to tell apart.
constexpr std::size_t kMostModels = 4;

Chart attribution_chart(const std::vector<const ReportModel*>& models, const std::filesystem::path& folder,
                        const std::string& file) {
  AttributionChart chart;
  for (const LayerCost& layer : models.front()->attribution.layers) chart.layers.push_back(layer.layer);
  for (const ReportModel* model : models) {
    AttributionBars bars = {model->name, std::vector<double>(chart.layers.size(), kNotMeasured)};
    for (const LayerCost& layer : model->attribution.layers) {
      const auto place = std::find(chart.layers.begin(), chart.layers.end(), layer.layer);
      if (place != chart.layers.end()) bars.cost[static_cast<std::size_t>(place - chart.layers.begin())] = layer.alone;
    }
    chart.models.push_back(std::move(bars));
  }
  return draw_attribution_chart(folder, file, chart);
}

void draw(const Report& report, ChartDrawer& drawer) {
  auto models = measured(report);
  if (models.empty()) return;
  std::stable_sort(models.begin(), models.end(), [](const ReportModel* a, const ReportModel* b) {
    return a->attribution.total > b->attribution.total;
  });
  models.resize(std::min(models.size(), kMostModels));
  drawer.draw("attribution", "where the error comes from",
              [&](const std::string& file) { return attribution_chart(models, drawer.folder(), file); });
}

/// Of each recipe but those with a transform: that makes the FP32 model another one, whose layers cannot stand beside
/// those of the trained model.
void measure(Report& report, const MeasuredModels& measured) {
  const EvalConfig& config = measured.config;
  if (config.attribution_windows == 0) return;
  const std::vector<Tensor> batches = input_batches(measured.windows(config.attribution_windows), config.batch_tokens);
  for (std::size_t i = 0; i < measured.recipes.size(); ++i) {
    if (!measured.recipes[i].transforms.empty()) continue;
    ReportModel& entry = report.models[i + 1];
    measured.progress.note("attributing the loss of " + entry.name + " to its layers");
    put_attribution(entry, attribute_loss(measured.fp32(), *measured.models[i + 1].model, batches, measured.progress));
  }
}

}  // namespace

void put_attribution(ReportModel& model, Attribution attribution) {
  for (const LayerCost& cost : attribution.layers) {
    for (ReportLayerError& error : model.layer_errors) {
      if (error.layer == cost.layer + ".weight") error.delta_nll = cost.alone;
    }
  }
  model.attribution = std::move(attribution);
}

ReportSection attribution_section() {
  return {.id = "attribution",
          .title = "Where the error comes from",
          .measure = measure,
          .markdown = markdown,
          .html = html,
          .draw = draw};
}

}  // namespace octet
