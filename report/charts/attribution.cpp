#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text_columns.h"
#include "report/charts/chart_script.h"

namespace octet {
namespace {

constexpr std::size_t kMostNameColumns = 40, kMostLabelColumns = 24;
constexpr std::array kColours = {Palette::kOrange, Palette::kBlue, Palette::kGreen, Palette::kPurple};

struct Costliest {
  std::string layer = "none", model;
  double cost = -std::numeric_limits<double>::infinity();
};

Costliest costliest_of(const AttributionChart& chart) {
  Costliest found;
  for (const AttributionBars& bars : chart.models) {
    for (std::size_t i = 0; i < bars.cost.size(); ++i) {
      if (bars.cost[i] > found.cost) found = {chart.layers[i], bars.model, bars.cost[i]};
    }
  }
  return found;
}

}  // namespace

Chart draw_attribution_chart(const std::filesystem::path& folder, const std::string& name,
                             const AttributionChart& chart) {
  check(!chart.layers.empty() && !chart.models.empty(), "[attribution chart] expected layers and models, got none");
  check(chart.models.size() <= kColours.size(), "[attribution chart] expected at most {} models, got {}",
        kColours.size(), chart.models.size());
  const Costliest worst = costliest_of(chart);
  check(std::isfinite(worst.cost), "[attribution chart] expected measured costs, got none");
  std::size_t longest = 0;
  std::string tics;
  for (std::size_t i = 0; i < chart.layers.size(); ++i) {
    const std::string layer = shortened(chart.layers[i], kMostNameColumns);
    longest = std::max(longest, layer.size());
    tics += fmt::format("{}{} {}", i == 0 ? "" : ", ", gp_tic(layer), i);
  }
  const int width = std::clamp(160 + 40 * static_cast<int>(chart.layers.size()), 800, 2400);
  const double name_height = std::min(230.0, 30 + 5.5 * static_cast<double>(longest));
  const double height = 420 + name_height;
  ChartScript script(name, width, static_cast<int>(height));
  script.begin_block(
      "layer, and for each model what the loss rises by where that layer alone is quantized, in millinats");
  for (std::size_t i = 0; i < chart.layers.size(); ++i) {
    for (std::size_t m = 0; m < chart.models.size(); ++m) {
      script.row({static_cast<double>(i), static_cast<double>(m), 1000 * chart.models[m].cost[i]});
    }
  }
  const std::string title =
      fmt::format("{} costs {} most: {:.2g} nats per token", shortened(worst.layer, kMostNameColumns),
                  shortened(worst.model, kMostLabelColumns), worst.cost);
  script.line(fmt::format("set title {} font ',16'", gp_bold(title)));
  script.line("set ylabel 'loss with this layer alone quantized (1/1000 nats)'");
  script.line(fmt::format("set xrange [-0.7:{:.1f}]; set style fill solid 0.85 noborder; set grid ytics",
                          static_cast<double>(chart.layers.size()) - 0.3));
  script.line(fmt::format("set xtics nomirror scale 0 rotate by 55 right ({}) font ',11'", tics));
  script.line(fmt::format("set lmargin at screen {:.4f}; set rmargin at screen 0.985; set bmargin at screen {:.4f}",
                          85.0 / width, name_height / height));
  script.line("set key top left horizontal Left reverse; set yrange [*:*]; set offsets 0, 0, graph 0.15, 0");
  const double bar = 0.8 / static_cast<double>(chart.models.size());
  std::string plot = "plot ";
  for (std::size_t m = 0; m < chart.models.size(); ++m) {
    plot += fmt::format(
        "{0}{1} index 0 using ($2=={2} ? $1+{3:.4f} : NaN):3:({4:.4f}) with boxes linecolor rgb '{5}' title {6}",
        m == 0 ? "" : ", ", m == 0 ? "DATA" : "''", m, (static_cast<double>(m) + 0.5) * bar - 0.4, 0.92 * bar,
        kColours[m], gp_text(shortened(chart.models[m].model, kMostLabelColumns)));
  }
  script.line(plot);
  return script.draw(
      folder, "Where the error comes from",
      "The loss of the FP32 model rises by this much where the one layer is quantized and all others are "
      "not. Tall bars are the layers to give more bits, or a method that looks at their inputs; layers "
      "without a bar cost nothing that can be measured. Bars may be negative by chance.");
}

}  // namespace octet
