#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "base/error.h"
#include "base/number_text.h"
#include "base/text_columns.h"
#include "report/charts/chart_script.h"

namespace octet {
namespace {

constexpr std::size_t kMostLabelColumns = 24;
constexpr int kWidth = 1120, kRowHeight = 44, kFrameHeight = 180;
constexpr double kLeft = 190, kGap = 40;  // pixels
constexpr std::array kColours = {Palette::kOrange, Palette::kBlue, Palette::kGreen, Palette::kPurple};
constexpr double kLeastCost = 0.01;  // percent: less is drawn there, since a logarithm has no zero

/// A column of bars, one for each variant; several beside each other where there are several series.
struct Panel {
  std::string title;
  std::vector<std::vector<double>> series;  ///< of each series a value for each variant
  std::vector<std::string> texts;           ///< beside the bars of the last series
  double low = 1;                           ///< where the axis begins
};

std::string percent_text(double increase) {
  return format_change(increase);
}

/// Bars from the left edge, on a logarithmic axis.
void draw_panel(ChartScript& script, const Panel& panel, int first_block, double left, double right, bool first,
                const NaturalChart& chart) {
  double high = panel.low * 10;
  for (const std::vector<double>& values : panel.series) {
    for (const double value : values) high = std::max(high, std::isfinite(value) ? value : 0.0);
  }
  script.line(fmt::format("set lmargin at screen {:.5f}; set rmargin at screen {:.5f}", left / kWidth, right / kWidth));
  script.line(fmt::format("set title {} font ',14'", gp_bold(panel.title)));
  script.line(fmt::format("set xrange [{:.6g}:{:.6g}]", panel.low, std::pow(high / panel.low, 1.35) * panel.low));
  std::string tics;
  for (std::size_t i = 0; i < chart.variants.size(); ++i) {
    tics += fmt::format("{}{} {}", i == 0 ? "" : ", ",
                        first ? gp_tic(shortened(chart.variants[i].label, kMostLabelColumns)) : gp_tic(""), i);
  }
  script.line(fmt::format("set ytics ({}) scale 0", tics));
  const double bar = 0.76 / static_cast<double>(panel.series.size());
  std::string plot;
  for (std::size_t s = 0; s < panel.series.size(); ++s) {
    const double top = -0.38 + static_cast<double>(s) * bar, middle = top + bar / 2;
    for (std::size_t i = 0; i < panel.series[s].size(); ++i) {
      const double value = panel.series[s][i];
      if (!std::isfinite(value)) continue;
      script.line(fmt::format("set label {} at {:.6g},{:.4f} left offset 0.5,0 font ',11' textcolor rgb '{}'",
                              gp_text(panel.texts[s * panel.series[s].size() + i]), std::max(value, panel.low),
                              static_cast<double>(i) + middle, Palette::kInk));
    }
    const std::string title = panel.series.size() > 1 ? gp_text(shortened(chart.models[s], kMostLabelColumns)) : "''";
    plot += fmt::format(
        "{0} index {1} using 2:1:({2:.6g}):2:($1+{3:.4f}):($1+{4:.4f}) with boxxyerror linecolor rgb '{5}' title {6}",
        plot.empty() ? "plot DATA" : ", ''", first_block + static_cast<int>(s), panel.low, top, top + 0.9 * bar,
        kColours[s % kColours.size()], title);
  }
  script.line(panel.series.size() > 1
                  ? fmt::format("set key at screen {:.5f},screen 0.01 right bottom horizontal Left reverse samplen 1",
                                right / kWidth)
                  : "set key off");
  script.line(plot);
}

}  // namespace

Chart draw_natural_chart(const std::filesystem::path& folder, const std::string& name, const NaturalChart& chart) {
  check(!chart.variants.empty(), "[natural outliers chart] expected trainings, got none");
  check(chart.models.size() <= kColours.size(), "[natural outliers chart] expected at most {} recipes, got {}",
        kColours.size(), chart.models.size());
  const auto column = [&](auto value) {
    std::vector<double> values;
    for (const NaturalPoint& point : chart.variants) values.push_back(value(point));
    return values;
  };
  std::vector<Panel> panels = {
      {"largest |x| / std", {column([](const NaturalPoint& p) { return p.max_over_std; })}, {}, 1},
      {"kurtosis (3: normal)", {column([](const NaturalPoint& p) { return p.kurtosis; })}, {}, 1}};
  for (const NaturalPoint& point : chart.variants) {
    panels[0].texts.push_back(format_fixed(point.max_over_std, 1));
    panels[1].texts.push_back(format_fixed(point.kurtosis, point.kurtosis < 100 ? 1 : 0));
  }
  if (!chart.models.empty()) {
    Panel costs = {"perplexity above its FP32 (%)", {}, {}, kLeastCost};
    for (std::size_t m = 0; m < chart.models.size(); ++m) {
      for (const NaturalPoint& point : chart.variants) costs.texts.push_back(percent_text(point.increase.at(m)));
      costs.series.push_back(
          column([m](const NaturalPoint& p) { return std::max(100 * p.increase.at(m), kLeastCost); }));
    }
    panels.push_back(std::move(costs));
  }
  const auto rows = static_cast<double>(chart.variants.size());
  const double height = kFrameHeight + kRowHeight * rows;
  ChartScript script(name, kWidth, static_cast<int>(height));
  std::vector<int> blocks;
  for (const Panel& panel : panels) {
    for (std::size_t s = 0; s < panel.series.size(); ++s) {
      const int block = script.begin_block("training, " + panel.title);
      if (s == 0) blocks.push_back(block);
      for (std::size_t i = 0; i < panel.series[s].size(); ++i) {
        script.row({static_cast<double>(i), panel.series[s][i]});
      }
    }
  }
  const std::string title = "Outliers that trainings grow by themselves, and what they cost";
  script.line("set multiplot; set style fill solid 0.85 noborder; set logscale x; set format x '%g'; set grid xtics");
  script.line(fmt::format("set tmargin at screen {:.4f}; set bmargin at screen {:.4f}", 1 - 84 / height, 76 / height));
  script.line(fmt::format("set yrange [{:.1f}:-0.6]", rows - 0.4));
  const double width =
      (kWidth - kLeft - 24 - kGap * static_cast<double>(panels.size() - 1)) / static_cast<double>(panels.size());
  for (std::size_t i = 0; i < panels.size(); ++i) {
    script.line("unset label");  // those of the panel before
    if (i == 0) {
      script.line(fmt::format("set label 1000 {} at screen 0.5,{:.4f} center font ',16' textcolor rgb '{}'",
                              gp_bold(title), 1 - 22 / height, Palette::kInk));
    }
    const double left = kLeft + static_cast<double>(i) * (width + kGap);
    draw_panel(script, panels[i], blocks[i], left, left + width, i == 0, chart);
  }
  script.line("unset multiplot");
  return script.draw(
      folder, title,
      "A row is a training. Left, how many standard deviations the largest input of a layer lies out, in the layer where "
      "that is worst; in the middle the kurtosis of that layer; right, what rounding costs beside FP32 of the same "
      "training. All axes are logarithmic; costs below 0.01 % are drawn at 0.01 %. If rows with short bars on the left "
      "have short ones on the right, outliers are what makes rounding dear.");
}

}  // namespace octet
