#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include <fmt/format.h>

#include "base/error.h"
#include "eval/outliers/histogram.h"
#include "report/charts/chart_script.h"

namespace octet {

namespace {

constexpr int kBins = 121;  // odd, so that zero has a bin of its own
constexpr std::size_t kMostLevels = 64;

/// A block of bars, their width, the tallest in percent, and how many values lie beyond the axis.
struct Bars {
  int block = 0;
  double width = 0;
  double tallest = 0;
  std::int64_t outside = 0;
};

Bars add_histogram(ChartScript& script, std::span<const float> values, double reach) {
  const Histogram histogram = make_histogram(values, -reach, reach, kBins);
  Bars bars{script.begin_block("value, share of the values in percent"), histogram.bin_width(), 0, histogram.outside};
  for (std::size_t bin = 0; bin < histogram.counts.size(); ++bin) {
    const double percent = 100 * histogram.share(bin);
    script.row({histogram.center(bin), percent});
    bars.tallest = std::max(bars.tallest, percent);
  }
  return bars;
}

/// One bar per level where there are few; bins would fall in and out of step with the levels.
Bars add_levels(ChartScript& script, std::span<const float> values, double reach) {
  std::map<float, std::int64_t> levels;
  for (const float value : values) {
    if (!std::isfinite(value)) return add_histogram(script, values, reach);
    ++levels[value];
    if (levels.size() > kMostLevels) return add_histogram(script, values, reach);
  }
  Bars bars{script.begin_block("level, share of the values in percent"), reach, 0, 0};
  float previous = 0;
  for (const auto& [level, count] : levels) {
    if (level != levels.begin()->first) bars.width = std::min(bars.width, 0.6 * (level - previous));
    previous = level;
    if (std::abs(level) > reach) bars.outside += count;
    const double percent = 100.0 * static_cast<double>(count) / static_cast<double>(values.size());
    script.row({level, percent});
    bars.tallest = std::max(bars.tallest, percent);
  }
  return bars;
}

/// The levels scale * code within reach; none where they are too many to tell apart.
int add_grid(ChartScript& script, double scale, int bits, double reach) {
  const int top = (1 << (bits - 1)) - 1;
  const int block = script.begin_block("levels of the grid");
  script.row({NAN, 0});  // gnuplot refuses an empty block
  if (scale > 0 && 2 * static_cast<std::size_t>(top) + 1 <= kMostLevels) {
    for (int code = -top; code <= top; ++code) {
      if (std::abs(scale * code) <= reach) script.row({scale * code, 0});
    }
  }
  return block;
}

struct Panel {
  std::string title, numbers, axis;
  double reach;
  Bars bars;
  const char* color;
};

void add_panel(ChartScript& script, const Panel& panel, const std::string& behind = "") {
  const std::string beyond =
      panel.bars.outside == 0 ? "" : fmt::format(" ({} values lie beyond the axis)", panel.bars.outside);
  script.line(fmt::format("set title {}.\"\\n\".{} offset 0,-0.4", gp_bold(panel.title), gp_text(panel.numbers)));
  script.line(fmt::format("set xlabel {}", gp_text(panel.axis + beyond)));
  script.line(fmt::format("set xrange [{:.7g}:{:.7g}]", -panel.reach, panel.reach));
  script.line(fmt::format("set xtics {:.7g}", tic_step(panel.reach)));
  script.line(fmt::format("set yrange [0:{:.5g}]", panel.bars.tallest > 0 ? 1.08 * panel.bars.tallest : 1.0));
  script.line(fmt::format("plot {}DATA index {} using 1:2:({:.6g}) with boxes linecolor rgb '{}'", behind,
                          panel.bars.block, panel.bars.width, panel.color));
}

}  // namespace

Chart draw_weight_chart(const std::filesystem::path& folder, const std::string& name, const WeightChart& chart) {
  const Moments before = measure_moments(chart.before);
  const Moments after = measure_moments(chart.after);
  const ErrorSize error = measure_error(chart.before, chart.after);
  std::vector<float> difference(chart.before.size());
  std::transform(chart.after.begin(), chart.after.end(), chart.before.begin(), difference.begin(), std::minus<>());
  // A few outliers must not squeeze the bell into a needle: what lies beyond the axis is counted
  // instead.
  // A constant matrix has no bell, and one of zeros no extent at all.
  const double largest = 1.04 * std::max(before.max_abs, after.max_abs);
  const double reach = largest <= 0 ? 1.0 : before.std > 0 ? std::min(largest, 6 * before.std) : largest;
  const double error_reach = error.mse > 0 ? std::min(1.1 * error.max_abs, 6 * std::sqrt(error.mse)) : reach;

  ChartScript script(name, 1200, 440);
  const Bars before_bars = add_histogram(script, chart.before, reach);
  const Bars after_bars = add_levels(script, chart.after, reach);
  const Bars error_bars = add_histogram(script, difference, error_reach);
  const int grid_block = add_grid(script, chart.scale, chart.bits, reach);

  script.line("set style fill solid 0.85 noborder");
  script.line("set ylabel 'share of weights (%)'");
  script.line("set format x '%.3g'");
  script.line("set key off");
  script.line(fmt::format(
      "set multiplot layout 1,3 margins 0.06,0.985,0.15,0.77 spacing 0.065,0.1 title {} font ',16' textcolor rgb '{}'",
      gp_bold(chart.layer + " to " + chart.scheme), Palette::kInk));
  const std::string grid =
      fmt::format("DATA index {} using 1:2:(0):(1000) with vectors nohead linewidth 0.7 linecolor rgb '{}', ",
                  grid_block, Palette::kMuted);
  add_panel(script, {"Before: FP32",
                     before.std > 0 ? fmt::format("std {:.4g}   max {:.4g} = {:.1f} std", before.std, before.max_abs,
                                                  before.max_abs / before.std)
                                    : fmt::format("all values are {:.4g}", before.mean),
                     "weight", reach, before_bars, Palette::kBlue});
  add_panel(script,
            {"After: " + chart.scheme,
             fmt::format("std {:.4g}   max {:.4g}   step {:.4g}", after.std, after.max_abs, chart.scale),
             "dequantized weight", reach, after_bars, Palette::kOrange},
            grid);
  add_panel(script, {"Error: after - before",
                     std::isinf(error.snr_db) ? "no value was changed"
                                              : fmt::format("SNR {:.1f} dB   MSE {:.2e}   max {:.4g}", error.snr_db,
                                                            error.mse, error.max_abs),
                     "error", error_reach, error_bars, Palette::kRed});
  script.line("unset multiplot");

  const std::string caption = fmt::format(
      "Left: the weights as they were trained, a bell around zero. Middle: the same weights after rounding each to the "
      "nearest level of its grid; levels of a typical row lie {:.4g} apart. Right: what rounding changed, at most half "
      "a step of the weight's own row or group unless the weight was clipped; {}; each bit more adds about 6 dB.",
      chart.scale,
      std::isinf(error.snr_db) ? "here nothing was changed"
                               : fmt::format("the signal is {:.1f} dB above the error", error.snr_db));
  return script.draw(folder, fmt::format("Weights of {} before and after {}", chart.layer, chart.scheme), caption);
}

}  // namespace octet
