#include "report/run/sections/census.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include <fmt/format.h>

#include "base/number_text.h"
#include "eval/outliers/census.h"
#include "report/page/html.h"
#include "report/page/markdown.h"
#include "report/run/chart_drawer.h"
#include "report/run/report.h"
#include "report/run/sections/charts.h"

namespace octet {
namespace {

/// The channel with the largest value, which says where a layer's range goes.
std::size_t largest_channel(const ReportCensusLayer& layer) {
  return static_cast<std::size_t>(std::max_element(layer.channel_max.begin(), layer.channel_max.end()) -
                                  layer.channel_max.begin());
}

const std::vector<std::string>& layer_header() {
  static const std::vector<std::string> names = {"Layer", "kurtosis", "largest channel", "its max / std"};
  return names;
}

std::vector<std::string> layer_cells(const ReportCensusLayer& layer, std::string (*escape)(std::string_view)) {
  const bool has_channels = !layer.channel_max.empty();
  const double largest = has_channels ? layer.channel_max[largest_channel(layer)] / layer.std : kNotMeasured;
  return {escape(layer.layer), format_fixed(layer.kurtosis, 1),
          has_channels ? std::to_string(largest_channel(layer)) : "n/a", format_fixed(largest, 1)};
}

std::vector<std::string> channel_header() {
  return {"Channel", "layers", "of the layers", "of the positions", "max", "systematic"};
}

std::vector<std::string> channel_cells(const ReportRecurringChannel& channel) {
  return {std::to_string(channel.channel),         std::to_string(channel.layers),
          format_percent(channel.share_layers, 0), format_percent(channel.share_positions, 2),
          format_fixed(channel.max_abs, 2),        channel.systematic ? "yes" : "no"};
}

std::string verdict(const Report& report) {
  const ReportCensus& census = report.census;
  std::string text = fmt::format(
      "{} of the channels of the residual stream {} a value of magnitude {} or more in at least one of the {} layers that "
      "read it. {} in at least {} of these layers and {} of the positions: the outlier features of LLM.int8 (Dettmers "
      "et al. 2022, section 4.1).",
      census.recurring_channels == 0 ? "None" : format_integer(census.recurring_channels),
      census.recurring_channels == 1 ? "has" : "have", format_threshold(report.absolute_threshold),
      census.residual_layers,
      census.systematic_channels == 0 ? std::string("None is an outlier")
                                      : fmt::format("{} {}", format_integer(census.systematic_channels),
                                                    census.systematic_channels == 1 ? "is an outlier" : "are outliers"),
      format_percent(kSystematicLayers, 0), format_percent(kSystematicPositions, 0));
  return text +
         (census.systematic_channels == 0
              ? " Outliers that do not recur belong to single layers or tokens."
              : " The same few channels widen the range in layer after layer. A scale per token shares that range too; "
                "smoothing moves it into the weights, and keeping the channels apart leaves it out.");
}

constexpr const char* kKurtosis =
    "Kurtosis is the mean fourth power of (x - mean) / std: 3 for a bell curve, large where few values are far out.";

std::string markdown(const Report& report) {
  const ReportCensus& census = report.census;
  if (census.layers.empty()) return "";
  std::string text = fmt::format("{} {}\n\n{}", escape_markdown(verdict(report)), kKurtosis, kChartsHere);
  text += markdown_header(layer_header());
  for (const ReportCensusLayer& layer : census.layers) text += markdown_row(layer_cells(layer, escape_markdown));
  text += "\n";
  if (census.recurring.empty()) return text;
  text += markdown_header(channel_header());
  for (const ReportRecurringChannel& channel : census.recurring) text += markdown_row(channel_cells(channel));
  return text + "\n";
}

std::string html(const Report& report, const std::filesystem::path&) {
  const ReportCensus& census = report.census;
  if (census.layers.empty()) return "";
  std::vector<std::vector<std::string>> layers, channels;
  for (const ReportCensusLayer& layer : census.layers) layers.push_back(layer_cells(layer, escape_html));
  for (const ReportRecurringChannel& channel : census.recurring) channels.push_back(channel_cells(channel));
  std::string body =
      fmt::format("<p>{}</p>\n<p>{}</p>\n{}", escape_html(verdict(report)), escape_html(kKurtosis), kChartsHere);
  if (!channels.empty()) {
    body += html_details(fmt::format("Channels with outliers in the most layers ({})", channels.size()),
                         html_table(channel_header(), channels));
  }
  return body + html_details(fmt::format("All layers ({})", layers.size()), html_table(layer_header(), layers));
}

void draw(const Report& report, ChartDrawer& drawer) {
  if (report.census.layers.empty()) return;  // a report of before there was a census
  drawer.draw("channels_by_layers", "channels by layers",
              [&](const std::string& file) { return draw_census_chart(drawer.folder(), file, census_chart(report)); });
}

/// Four digits are enough for a map, and take half the room in report.json.
double short_number(float value) {
  return std::strtod(fmt::format("{:.4g}", value).c_str(), nullptr);
}

}  // namespace

ReportCensus take_census(std::span<const OutlierStats> activations) {
  ReportCensus census;
  for (const OutlierStats& stats : activations) {
    census.residual_layers += input_space(stats.layer) == InputSpace::residual ? 1 : 0;
    census.layers.push_back({stats.layer, stats.moments.standard_deviation(), stats.kurtosis, {}});
    for (const float largest : stats.channel_max) census.layers.back().channel_max.push_back(short_number(largest));
  }
  const std::vector<RecurringChannel> recurring = recurring_channels(activations);
  census.recurring_channels = static_cast<std::int64_t>(recurring.size());
  for (const RecurringChannel& channel : recurring) {
    census.systematic_channels += channel.systematic ? 1 : 0;
    if (census.recurring.size() < ReportCensus::kMostRecurring) {
      census.recurring.push_back({channel.channel, channel.layers, channel.share_layers, channel.share_positions,
                                  channel.max_abs, channel.systematic});
    }
  }
  return census;
}

CensusChart census_chart(const Report& report) {
  CensusChart chart{
      .systematic_channels = report.census.systematic_channels,
      .panels = {{"residual stream, behind its norms", {}}, {"values of the heads", {}}, {"hidden layers", {}}}};
  for (const ReportCensusLayer& layer : report.census.layers) {
    const InputSpace space = input_space(layer.layer);
    if (space == InputSpace::duplicate || !(layer.std > 0)) continue;
    CensusRow row{layer.layer, layer.channel_max};
    for (double& value : row.max_over_std) value /= layer.std;
    chart.panels[static_cast<std::size_t>(space)].rows.push_back(std::move(row));
  }
  std::erase_if(chart.panels, [](const CensusPanel& panel) { return panel.rows.empty(); });
  return chart;
}

ReportSection census_section() {
  return {.id = "census", .title = "Which channels are outliers", .markdown = markdown, .html = html, .draw = draw};
}

}  // namespace octet
