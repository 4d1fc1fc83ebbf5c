#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/error.h"
#include "base/number_text.h"
#include "base/text_columns.h"
#include "report/charts/chart_script.h"

namespace octet {
namespace {

constexpr std::size_t kMostLabelColumns = 28;
constexpr int kWidth = 1000, kRowHeight = 34, kFrameHeight = 170;

/// The range of the axis, in percent. Some ruined models must not press all others to the left: it ends at three times
/// what four fifths of the models lose.
struct Range {
  double low = 0, high = 0;

  explicit Range(const std::vector<SeedsPoint>& models) {
    std::vector<double> ends;
    for (const SeedsPoint& model : models) {
      double end = std::isfinite(model.high) ? model.high : 0;
      low = std::min(low, std::isfinite(model.low) ? model.low : 0);
      for (const double value : model.seeds) {
        if (!std::isfinite(value)) continue;
        low = std::min(low, value);
        end = std::max(end, value);
      }
      ends.push_back(end);
    }
    std::sort(ends.begin(), ends.end());
    high = std::min(ends.back(), 3 * std::max(ends[ends.size() * 4 / 5], 1e-6));
    low *= 100;
    high *= 100;
    const double room = 0.05 * std::max(high - low, 1e-6);
    low -= room;
    high += room;
  }
  /// Where a value in percent is drawn: at the right edge where it lies beyond.
  double shown(double percent) const { return std::isfinite(percent) ? std::min(percent, high) : NAN; }
};

}  // namespace

Chart draw_seeds_chart(const std::filesystem::path& folder, const std::string& name, const SeedsChart& chart) {
  check(!chart.models.empty() && !chart.models.front().seeds.empty(), "[seeds chart] expected models, got none");
  const Range range(chart.models);
  const auto rows = static_cast<int>(chart.models.size());
  ChartScript script(name, kWidth, kFrameHeight + kRowHeight * rows);
  std::string tics;
  script.begin_block("row, lower and upper end of the interval over the text, in percent");
  for (int i = 0; i < rows; ++i) {
    const SeedsPoint& model = chart.models[static_cast<std::size_t>(i)];
    script.row({static_cast<double>(i), range.shown(100 * model.low), range.shown(100 * model.high)});
    tics += fmt::format("{}{} {}", i == 0 ? "" : ", ", gp_tic(shortened(model.label, kMostLabelColumns)), i);
  }
  bool any_beyond = false;
  script.begin_block("row, change of one seed as drawn, in percent, as measured");
  for (int i = 0; i < rows; ++i) {
    const std::vector<double>& seeds = chart.models[static_cast<std::size_t>(i)].seeds;
    for (std::size_t s = 0; s < seeds.size(); ++s) {
      const bool beyond = 100 * seeds[s] > range.high;
      any_beyond = any_beyond || beyond;
      // One above the other, so that seeds that agree can be counted.
      const double shift = 0.36 * ((static_cast<double>(s) + 0.5) / static_cast<double>(seeds.size()) - 0.5);
      script.row({static_cast<double>(i) + shift, range.shown(100 * seeds[s]), 100 * seeds[s]});
      if (!beyond || s > 0) continue;
      script.line(fmt::format("set label {} at {:.6g},{} right offset -1.5,0 font ',11' textcolor rgb '{}'",
                              gp_text(format_change(seeds[s]) + " \u2192"), range.high, i, Palette::kInk));
    }
  }
  const std::string title = "What another seed changes, beside what another text would";
  script.line(fmt::format("set title {} font ',16'", gp_bold(title)));
  script.line("set xlabel 'perplexity against FP32 of the same seed (%, lower is better)'");
  script.line(fmt::format("set xrange [{:.7g}:{:.7g}]; set yrange [{:.1f}:-0.7]", range.low, range.high, rows - 0.3));
  script.line(fmt::format("set ytics ({}) scale 0; set grid xtics", tics));
  script.line("set key outside top center horizontal Left reverse samplen 2.5");
  script.line(
      fmt::format("set arrow from 0,graph 0 to 0,graph 1 nohead linewidth 1.5 linecolor rgb '{}'", Palette::kMuted));
  script.line(fmt::format(
      "plot DATA index 0 using 2:1:2:3:($1-0.3):($1+0.3) with boxxyerror fillstyle solid 0.35 noborder linecolor rgb '{}' "
      "title {}, '' index 1 using 2:1 with points pointtype 7 pointsize 0.75 linecolor rgb '{}' title 'one seed'",
      Palette::kSky,
      gp_text(fmt::format("{} interval over the test text, first seed", format_confidence(chart.confidence))),
      Palette::kRed));
  return script.draw(
      folder, title,
      fmt::format(
          "A row is a model, a dot what it loses beside FP32 of the same seed. The bar is the interval that the test "
          "text gives for the first seed. Dots within the bar: seeds matter no more than which text was taken. Dots "
          "far apart: one training cannot tell what this recipe costs. Two models whose dots overlap are not ranked "
          "by so few seeds.{}",
          any_beyond ? " An arrow marks a model whose dots lie beyond the picture." : ""));
}

}  // namespace octet
