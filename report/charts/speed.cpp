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
constexpr std::size_t kMostLabelColumns = 24;  // as wide as a group of bars
constexpr std::size_t kMostGroups = 10;        // of more groups only the names have room, and stand aslant

double ratio(double value, double baseline) {
  return baseline > 0 ? value / baseline : NAN;
}

void add_bar_label(ChartScript& script, double x, double speedup, double tallest) {
  if (!std::isfinite(speedup)) return;
  const bool would_cross_the_line = speedup < 1 && speedup > 1 - 0.09 * tallest;
  script.line(fmt::format("set label {} at {:.3f},{:.5g} center offset 0,0.7 textcolor rgb '{}'",
                          gp_bold(format_times(speedup)), x, would_cross_the_line ? 1 : speedup, Palette::kInk));
}

}  // namespace

Chart draw_speed_chart(const std::filesystem::path& folder, const std::string& name,
                       const std::vector<SpeedPoint>& points) {
  check(!points.empty(), "[speed chart] expected points, got none");
  std::vector<SpeedPoint> shown = points;
  for (SpeedPoint& point : shown) point.label = shortened(point.label, kMostLabelColumns);
  const SpeedPoint& base = shown[0];
  const bool many = shown.size() > kMostGroups;
  ChartScript script(name, many ? 1100 : std::clamp(300 + 170 * static_cast<int>(shown.size()), 800, 2000), 520);
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
    tics += fmt::format("{}{}{} {}", i == 0 ? "" : ", ", gp_tic(point.label), many ? "" : ".\"\\n\"." + numbers, i);
    if (many) continue;
    add_bar_label(script, x - kBarWidth / 2, prefill, tallest);
    add_bar_label(script, x + kBarWidth / 2, decode, tallest);
  }
  script.line(fmt::format("set title {} font ',16'", gp_bold("Speed relative to " + base.label)));
  script.line(fmt::format("set ylabel {}", gp_text("times the tokens/s of " + base.label)));
  script.line(fmt::format("set xrange [-0.6:{:.1f}]; set yrange [0:{:.4g}]", static_cast<double>(shown.size()) - 0.4,
                          1.2 * tallest));
  script.line(fmt::format("set xtics ({}) scale 0{}", tics, many ? " rotate by 55 right font ',10'" : ""));
  script.line("set style fill solid 0.85 noborder");
  if (!many) script.line("set xlabel 'below each name: tokens/s of prefill, then of decode' offset 0,-2");
  script.line("set key top left horizontal");
  script.line(many ? "set bmargin at screen 0.26" : "set bmargin at screen 0.23");
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
