#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/error.h"
#include "base/number_text.h"
#include "base/text_columns.h"
#include "report/charts/chart_script.h"

namespace octet {
namespace {

constexpr std::size_t kMostLabels = 4;  // models; names of more would cover each other
constexpr std::size_t kMostLabelColumns = 18;

bool is_drawn(const RooflinePoint& point) {
  return std::isfinite(point.operations_per_byte) && point.operations_per_byte > 0 && std::isfinite(point.gops) &&
         point.gops > 0;
}

/// The roof of one kind of products: the slope of the memory up to the peak.
int add_roof(ChartScript& script, double peak, double read, double least, double most) {
  const int block = script.begin_block("operations per byte, 1e9 operations per second at most");
  const double ridge = peak / read;
  script.row({least, std::min(peak, read * least)});
  if (ridge > least && ridge < most) script.row({ridge, peak});
  script.row({most, std::min(peak, read * most)});
  return block;
}

int add_points(ChartScript& script, const RooflineChart& chart, bool decode, bool labels) {
  const int block = script.begin_block("operations per byte, 1e9 operations per second");
  script.row({NAN, NAN});  // gnuplot refuses a block without rows
  for (const RooflinePoint& point : chart.points) {
    if (point.decode != decode || !is_drawn(point)) continue;
    script.row({point.operations_per_byte, point.gops});
    if (!labels) continue;
    script.line(fmt::format("set label {} at {:.6g},{:.6g} center offset 0,{} font ',11' textcolor rgb '{}'",
                            gp_text(shortened(point.label, kMostLabelColumns)), point.operations_per_byte, point.gops,
                            decode ? -0.9 : 0.9, Palette::kInk));
  }
  return block;
}

}  // namespace

Chart draw_roofline_chart(const std::filesystem::path& folder, const std::string& name, const RooflineChart& chart) {
  const auto positive = [](double value) { return std::isfinite(value) && value > 0; };
  check(positive(chart.peak_fp32_gflops) && positive(chart.peak_int8_gops) && positive(chart.read_gbps),
        "[roofline chart] expected limits of the machine, got none");
  double least_x = chart.peak_fp32_gflops / chart.read_gbps / 4, most_x = 4 * chart.peak_int8_gops / chart.read_gbps;
  double least_y = chart.peak_fp32_gflops, best = 0;
  std::string nearest;
  std::size_t models = 0;
  for (const RooflinePoint& point : chart.points) {
    if (!is_drawn(point)) continue;
    models += point.decode ? 1 : 0;
    least_x = std::min(least_x, point.operations_per_byte);
    most_x = std::max(most_x, point.operations_per_byte);
    least_y = std::min(least_y, point.gops);
    if (point.gops > best) {
      best = point.gops;
      nearest = point.label;
    }
  }
  check(best > 0, "[roofline chart] expected speeds, got none");
  least_x /= 2;
  most_x *= 2;
  ChartScript script(name, 1000, 560);
  const int fp32 = add_roof(script, chart.peak_fp32_gflops, chart.read_gbps, least_x, most_x);
  const int int8 = add_roof(script, chart.peak_int8_gops, chart.read_gbps, least_x, most_x);
  const bool labels = models <= kMostLabels;
  const int prefill = add_points(script, chart, false, labels);
  const int decode = add_points(script, chart, true, labels);
  script.line(
      fmt::format("set title {} font ',16'",
                  gp_bold(fmt::format("Up to {} billion operations per second, by {}", format_rate(best), nearest))));
  script.line("set logscale xy; set format x '%g'; set format y '%g'");
  script.line("set xlabel 'operations for each byte of weights that is read (log scale)'");
  script.line("set ylabel '10^9 operations per second (log scale)'");
  script.line(fmt::format("set xrange [{:.6g}:{:.6g}]; set yrange [{:.6g}:{:.6g}]", least_x, most_x, least_y / 4,
                          3 * std::max(chart.peak_int8_gops, best)));
  script.line("set key top left Left reverse");
  script.line(fmt::format(
      "plot DATA index {} using 1:2 with lines linewidth 2 linecolor rgb '{}' title {}, "
      "DATA index {} using 1:2 with lines linewidth 2 dashtype 2 linecolor rgb '{}' title {}, "
      "DATA index {} using 1:2 with points pointtype 7 pointsize 1.2 linecolor rgb '{}' title 'prefill', "
      "DATA index {} using 1:2 with points pointtype 5 pointsize 1.2 linecolor rgb '{}' title 'decode'",
      fp32, Palette::kRed, gp_text(fmt::format("FP32 products, {} GFLOP/s", format_rate(chart.peak_fp32_gflops))), int8,
      Palette::kGreen, gp_text(fmt::format("int8 products, {} GOP/s", format_rate(chart.peak_int8_gops))), prefill,
      Palette::kBlue, decode, Palette::kOrange));
  const std::string caption = fmt::format(
      "The roofs are what this machine was measured to do at most: on the slope memory brings {} GB/s, on the flat part "
      "the processor multiplies as fast as it can. Decode (squares) reads all weights for one token and stands on the "
      "left, where fewer bytes mean more tokens; prefill (circles) uses each weight many times. A point above the slope "
      "has weights that fit a cache.",
      format_rate(chart.read_gbps));
  return script.draw(folder, "Speed below the roofs of the machine", caption);
}

}  // namespace octet
