#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/error.h"
#include "base/number_text.h"
#include "base/text_columns.h"
#include "report/charts/chart_script.h"

namespace octet {

namespace {

constexpr double kBarWidth = 0.34;
constexpr std::size_t kMostLabelColumns = 24;
// Pixels, as wide as a page: a wider picture would be shown smaller, and its letters with it.
constexpr int kMostWidth = 1100;

/// How the texts of groups of two bars fit beside each other.
struct Fit {
  int width;       ///< of the picture, in pixels
  bool aslant;     ///< names stand aslant, and the rates below them are left to the table
  bool upright;    ///< speeds above the bars stand upright
  bool unlabeled;  ///< so narrow that even then they would touch
};

Fit fit_texts(const std::vector<SpeedPoint>& points) {
  constexpr double kLetter = 7.5, kMargins = 110;             // pixels
  constexpr double kTwoSpeeds = 100, kTwoUprightSpeeds = 30;  // pixels that a group must have for them
  std::size_t longest = 0;
  for (const SpeedPoint& point : points) {
    longest = std::max({longest, display_width(point.label), format_rate(point.prefill_tokens_per_s).size()});
  }
  const int width = std::clamp(300 + 170 * static_cast<int>(points.size()), 800, kMostWidth);
  const double group = (width - kMargins) / static_cast<double>(points.size());
  return {width, group < kLetter * static_cast<double>(longest), group < kTwoSpeeds, group < kTwoUprightSpeeds};
}

double ratio(double value, double baseline) {
  return baseline > 0 ? value / baseline : NAN;
}

void add_bar_label(ChartScript& script, double x, double speedup, double tallest, const Fit& fit) {
  if (!std::isfinite(speedup) || fit.unlabeled) return;
  const double room = (fit.upright ? 0.19 : 0.09) * tallest;            // that a label takes above its bar
  const double foot = speedup < 1 && speedup > 1 - room ? 1 : speedup;  // no label crosses the line
  if (fit.upright) {
    script.line(
        fmt::format("set label {} at {:.3f},{:.5g} left rotate by 90 offset 0,0.4 font ',10' textcolor rgb '{}'",
                    gp_text(format_times(speedup)), x, foot, Palette::kInk));
    return;
  }
  script.line(fmt::format("set label {} at {:.3f},{:.5g} center offset 0,0.7 textcolor rgb '{}'",
                          gp_bold(format_times(speedup)), x, foot, Palette::kInk));
}

}  // namespace

Chart draw_speed_chart(const std::filesystem::path& folder, const std::string& name,
                       const std::vector<SpeedPoint>& points) {
  check(!points.empty(), "[speed chart] expected points, got none");
  std::vector<SpeedPoint> shown = points;
  for (SpeedPoint& point : shown) point.label = shortened(point.label, kMostLabelColumns);
  const SpeedPoint& base = shown[0];
  const Fit fit = fit_texts(shown);
  ChartScript script(name, fit.width, 520);
  script.begin_block("format, prefill and decode relative to the first row, prefill and decode in tokens/s");
  double tallest = 1;
  bool any_measured = false;
  for (const SpeedPoint& point : shown) {
    for (const double speedup : {ratio(point.prefill_tokens_per_s, base.prefill_tokens_per_s),
                                 ratio(point.decode_tokens_per_s, base.decode_tokens_per_s)}) {
      if (!std::isfinite(speedup)) continue;
      any_measured = true;
      tallest = std::max(tallest, speedup);
    }
  }
  check(any_measured, "[speed chart] expected speeds relative to {}, got none", base.label);
  std::string tics;
  for (std::size_t i = 0; i < shown.size(); ++i) {
    const SpeedPoint& point = shown[i];
    const double x = static_cast<double>(i);
    const double prefill = ratio(point.prefill_tokens_per_s, base.prefill_tokens_per_s);
    const double decode = ratio(point.decode_tokens_per_s, base.decode_tokens_per_s);
    script.row({x, prefill, decode, point.prefill_tokens_per_s, point.decode_tokens_per_s});
    const std::string numbers =
        gp_text(format_rate(point.prefill_tokens_per_s) + "\n" + format_rate(point.decode_tokens_per_s));
    tics +=
        fmt::format("{}{}{} {}", i == 0 ? "" : ", ", gp_tic(point.label), fit.aslant ? "" : ".\"\\n\"." + numbers, i);
    add_bar_label(script, x - kBarWidth / 2, prefill, tallest, fit);
    add_bar_label(script, x + kBarWidth / 2, decode, tallest, fit);
  }
  script.line(fmt::format("set title {} font ',16'", gp_bold("Speed relative to " + base.label)));
  script.line(fmt::format("set ylabel {}", gp_text("times the tokens/s of " + base.label)));
  script.line(fmt::format("set xrange [-0.6:{:.1f}]; set yrange [0:{:.4g}]", static_cast<double>(shown.size()) - 0.4,
                          (fit.upright ? 1.35 : 1.2) * tallest));
  script.line(fmt::format("set xtics ({}) scale 0{}", tics, fit.aslant ? " rotate by 55 right font ',10'" : ""));
  script.line("set style fill solid 0.85 noborder");
  if (!fit.aslant) script.line("set xlabel 'below each name: tokens/s of prefill, then of decode' offset 0,-2");
  script.line("set key top left horizontal");
  script.line(fit.aslant ? "set bmargin at screen 0.26" : "set bmargin at screen 0.23");
  script.line(fmt::format(
      "plot DATA index 0 using ($1-{0}):2:({1}) with boxes linecolor rgb '{2}' title 'prefill (reading the prompt)', "
      "'' index 0 using ($1+{0}):3:({1}) with boxes linecolor rgb '{3}' title 'decode (writing, token by token)', "
      "1 with lines dashtype 2 linecolor rgb '{4}' notitle",
      kBarWidth / 2, kBarWidth - 0.03, Palette::kBlue, Palette::kOrange, Palette::kInk));
  const std::string caption = fmt::format(
      "Each bar is a speed relative to {} (dashed line: as fast as that). Prefill reads many tokens at once and "
      "is limited by arithmetic; decode writes one at a time and is limited by how fast the weights come from memory, "
      "so smaller weights help it most. A bar below the line means that the format is slower here.",
      base.label);
  return script.draw(folder, "Speed relative to " + base.label, caption);
}

}  // namespace octet
