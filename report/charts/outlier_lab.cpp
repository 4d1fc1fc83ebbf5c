#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "base/error.h"
#include "base/shown_text.h"
#include "base/text_columns.h"
#include "report/charts/chart_script.h"

namespace octet {
namespace {

constexpr std::size_t kMostLabelColumns = 24;
constexpr double kFloor = 0.01;   // percent: less is drawn there, since a logarithm has no zero
constexpr double kCeiling = 1e4;  // percent: a model that is a hundred times as bad is ruined, however much more

constexpr std::array kColours = {Palette::kBlue, Palette::kOrange, Palette::kGreen,
                                 Palette::kRed,  Palette::kPurple, Palette::kSky};
constexpr std::array kDashes = {1, 2, 4};

double percent(double increase) {
  return std::isfinite(increase) ? std::clamp(100.0 * increase, kFloor, kCeiling) : NAN;
}

/// Increase at the largest k: lines that end higher come first, so that the key has the order of their ends.
double last_of(const OutlierSweep& sweep) {
  return sweep.increase.empty() || !std::isfinite(sweep.increase.back()) ? -1.0 : sweep.increase.back();
}

std::string style_of(std::size_t i) {
  return fmt::format("with linespoints linewidth 2 pointsize 0.9 pointtype {} dashtype {} linecolor rgb '{}'",
                     4 + i % 10, kDashes[i / kColours.size() % kDashes.size()], kColours[i % kColours.size()]);
}

}  // namespace

Chart draw_outlier_lab_chart(const std::filesystem::path& folder, const std::string& name,
                             const OutlierLabChart& chart) {
  check(!chart.exponents.empty() && !chart.sweeps.empty(), "[outlier lab chart] expected sweeps, got none");
  std::vector<OutlierSweep> sweeps = chart.sweeps;
  std::stable_sort(sweeps.begin(), sweeps.end(), [](const auto& a, const auto& b) { return last_of(a) > last_of(b); });
  ChartScript script(name, 1000, 600);
  double highest = 1.0;
  for (const OutlierSweep& sweep : sweeps) {
    check(sweep.increase.size() == chart.exponents.size(), "[outlier lab chart] {}: expected {} values, got {}",
          sweep.scheme, chart.exponents.size(), sweep.increase.size());
    script.begin_block("k, perplexity above FP32 in percent: " + shown_text(sweep.scheme));
    for (std::size_t i = 0; i < chart.exponents.size(); ++i) {
      script.row({static_cast<double>(chart.exponents[i]), percent(sweep.increase[i])});
      highest = std::max(highest, std::isfinite(sweep.increase[i]) ? percent(sweep.increase[i]) : 0.0);
    }
  }
  const std::string title = "What planted outliers cost each way of quantizing";
  script.line(fmt::format("set title {} font ',16'", gp_bold(title)));
  script.line("set xlabel 'k: planted channels are larger by the factor 2^k'");
  script.line("set ylabel 'perplexity above FP32 (%), logarithmic'");
  script.line("set logscale y; set format y '%g'");
  script.line(fmt::format("set xrange [{:.2f}:{:.2f}]; set yrange [{}:{:.4g}]",
                          static_cast<double>(chart.exponents.front()) - 0.2,
                          static_cast<double>(chart.exponents.back()) + 0.2, 0.8 * kFloor, 2.0 * highest));
  script.line("set xtics 1; set grid ytics");
  script.line("set key outside right top vertical Left reverse samplen 2.5 spacing 1.15");
  std::string plot = "plot ";
  for (std::size_t i = 0; i < sweeps.size(); ++i) {
    plot += fmt::format("{}{} index {} using 1:2 {} title {}", i == 0 ? "" : ", ", i == 0 ? "DATA" : "''", i,
                        style_of(i), gp_text(shortened(sweeps[i].scheme, kMostLabelColumns)));
  }
  script.line(plot);
  return script.draw(
      folder, title,
      fmt::format(
          "Every point is the same FP32 function, quantized anew; only the share of it that a few channels carry "
          "grows to the right. A line that rises is a way that shares one scale between outliers and other "
          "values; a flat one has taken them apart. The key has the order in which lines end, the worst first. "
          "What is below {0} % is drawn at {0} %, and what is above {1:.0f} % at {1:.0f} %.",
          kFloor, kCeiling));
}

}  // namespace octet
