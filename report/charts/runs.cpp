#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "base/error.h"
#include "base/number_text.h"
#include "base/text_columns.h"
#include "report/charts/chart_script.h"
#include "report/charts/number_placer.h"

namespace octet {
namespace {

constexpr double kWidth = 1160, kHeight = 620;  // of the picture, in pixels
constexpr Box kFrame{92, 740, 62, kHeight - 58};
constexpr std::size_t kMostLabelColumns = 28;
constexpr double kNear = 1.0;  // percent of the best perplexity that still count as good as the best

constexpr std::array kColours = {Palette::kBlue, Palette::kOrange, Palette::kGreen,
                                 Palette::kRed,  Palette::kPurple, Palette::kSky};
constexpr std::array kMarks = {7, 5, 9, 11, 13, 15};  // filled: circle, square, triangles, diamond, pentagon

struct NumberedPoint {
  int number = 0;
  std::size_t run = 0;
  RunPoint point;
};

struct Axes {
  double most_mb, low, high;

  double x(double mb) const { return kFrame.left + (kFrame.right - kFrame.left) * mb / most_mb; }
  double y(double quality) const {
    return kFrame.bottom + (kFrame.top - kFrame.bottom) * (shown(quality) - low) / (high - low);
  }
  bool is_beyond(double quality) const { return quality > high; }
  /// Where a point is drawn: at the upper edge where it lies beyond.
  double shown(double quality) const { return std::min(quality, high - 0.02 * (high - low)); }
};

std::string screen(double x, double y) {
  return fmt::format("screen {:.4f},{:.4f}", x / kWidth, y / kHeight);
}

std::vector<NumberedPoint> numbered(const RunsChart& chart) {
  std::vector<NumberedPoint> points;
  int number = 0;
  for (std::size_t run = 0; run < chart.runs.size(); ++run) {
    for (const RunPoint& point : chart.runs[run].models) {
      ++number;
      if (std::isfinite(point.quality) && point.size_mb > 0) points.push_back({number, run, point});
    }
  }
  return points;
}

/// Some ruined models must not press all others to the bottom: the axis ends at three times what four fifths of the
/// models lose beside the best.
Axes axes_around(const std::vector<NumberedPoint>& points) {
  std::vector<double> values;
  double most_mb = 0;
  for (const NumberedPoint& each : points) {
    values.push_back(each.point.quality);
    most_mb = std::max(most_mb, each.point.size_mb);
  }
  std::sort(values.begin(), values.end());
  const double best = values.front(), usual = values[(values.size() - 1) * 4 / 5];
  const double height = std::max({3 * (usual - best), 0.01 * std::abs(best), 1e-6});
  const double high = std::min(values.back(), best + height);
  const double room = std::max(0.08 * (high - best), 0.005 * std::abs(best) + 1e-6);
  return {1.06 * most_mb, best - room, high + room};
}

void write_numbers(ChartScript& script, const Axes& axes, const std::vector<NumberedPoint>& points) {
  NumberPlacer placer(kFrame);
  for (const NumberedPoint& each : points) {
    const double x = axes.x(each.point.size_mb), y = axes.y(each.point.quality);
    placer.keep_free({x - 6, x + 6, y - 6, y + 6});
  }
  for (const NumberedPoint& each : points) {
    const std::string text = std::to_string(each.number);
    const double x = axes.x(each.point.size_mb), y = axes.y(each.point.quality);
    const NumberPlacer::Place place = placer.place(x, y, text.size());
    script.line(fmt::format("set label '{}' at {} center font ',11' textcolor rgb '{}'", text, screen(place.x, place.y),
                            Palette::kInk));
    if (!place.beside) {
      script.line(fmt::format("set arrow from {} to {} nohead linewidth 0.6 linecolor rgb '{}'", screen(x, y),
                              screen(x + (place.x - x) * 0.8, y + (place.y - y) * 0.8), Palette::kMuted));
    }
  }
}

/// Runs with their colours, and below each its models: the key and the names of the points in one.
void write_list(ChartScript& script, const RunsChart& chart, const std::vector<NumberedPoint>& points) {
  constexpr double kTop = kHeight - 58, kBottom = 20, kMostHeight = 20;
  const double left = kFrame.right + 30;
  const double lines = static_cast<double>(points.size() + chart.runs.size());
  const double height = std::min(kMostHeight, (kTop - kBottom) / lines);
  const double size = std::clamp(height * 0.62, 4.0, 12.0);
  double y = kTop;
  const auto cell = [&](const std::string& text, double x, const char* side, const char* colour) {
    script.line(fmt::format("set label {} at {} {} font ',{:.3g}' textcolor rgb '{}'", text, screen(left + x, y), side,
                            size, colour));
  };
  for (std::size_t run = 0; run < chart.runs.size(); ++run) {
    script.line(fmt::format("set label '' at {} point pointtype {} pointsize 0.9 linecolor rgb '{}'",
                            screen(left + 10, y), kMarks[run % kMarks.size()], kColours[run % kColours.size()]));
    cell(gp_bold(shortened(chart.runs[run].run, kMostLabelColumns)), 24, "left", Palette::kInk);
    cell(gp_text("MB"), 290, "right", Palette::kMuted);
    cell(gp_text(chart.relative ? "change" : "ppl"), 360, "right", Palette::kMuted);
    y -= height;
    for (const NumberedPoint& each : points) {
      if (each.run != run) continue;
      cell(gp_text(std::to_string(each.number)), 18, "right", Palette::kMuted);
      cell(gp_text(shortened(each.point.label, kMostLabelColumns)), 24, "left", Palette::kInk);
      cell(gp_text(format_fixed(each.point.size_mb, 2)), 290, "right", Palette::kInk);
      cell(gp_text(chart.relative ? format_change(each.point.quality / 100) : format_fixed(each.point.quality, 3)), 360,
           "right", Palette::kInk);
      y -= height;
    }
  }
}

/// The smallest model that is as good as the best but for a percent.
std::string make_title(const RunsChart& chart, const std::vector<NumberedPoint>& points) {
  double best = chart.relative ? 0 : INFINITY;
  for (const NumberedPoint& each : points) best = std::min(best, each.point.quality);
  const double limit = chart.relative ? kNear : best * (1 + kNear / 100);
  const NumberedPoint* smallest = nullptr;
  for (const NumberedPoint& each : points) {
    if (each.point.quality <= limit && (smallest == nullptr || each.point.size_mb < smallest->point.size_mb)) {
      smallest = &each;
    }
  }
  if (smallest == nullptr) return "Quality against size";
  return fmt::format("Smallest within {} % of {}: {} of {}, {:.2f} MB", format_threshold(kNear),
                     chart.relative ? "its own FP32" : "the best perplexity",
                     shortened(smallest->point.label, kMostLabelColumns),
                     shortened(chart.runs[smallest->run].run, kMostLabelColumns), smallest->point.size_mb);
}

}  // namespace

Chart draw_runs_chart(const std::filesystem::path& folder, const std::string& name, const RunsChart& chart) {
  const std::vector<NumberedPoint> points = numbered(chart);
  check(!points.empty(), "[runs chart] expected models with a size and a perplexity, got none");
  const Axes axes = axes_around(points);
  ChartScript script(name, static_cast<int>(kWidth), static_cast<int>(kHeight));
  std::string plot;
  bool any_beyond = false;
  for (std::size_t run = 0; run < chart.runs.size(); ++run) {
    const int block = script.begin_block("size in MB, quality as drawn, quality");
    script.row({NAN, NAN, NAN});  // gnuplot refuses a block without rows
    for (const NumberedPoint& each : points) {
      if (each.run != run) continue;
      script.row({each.point.size_mb, axes.shown(each.point.quality), each.point.quality});
      any_beyond = any_beyond || axes.is_beyond(each.point.quality);
      if (axes.is_beyond(each.point.quality)) {
        const double x = axes.x(each.point.size_mb);
        script.line(fmt::format("set arrow from {} to {} linewidth 1.5 linecolor rgb '{}'",
                                screen(x, axes.y(each.point.quality)), screen(x, kFrame.top + 12),
                                kColours[run % kColours.size()]));
      }
    }
    plot += fmt::format("{} index {} using 1:2 with points pointtype {} pointsize 1.1 linecolor rgb '{}'",
                        plot.empty() ? "plot DATA" : ", ''", block, kMarks[run % kMarks.size()],
                        kColours[run % kColours.size()]);
  }
  script.line(fmt::format("set lmargin at screen {:.4f}; set rmargin at screen {:.4f}", kFrame.left / kWidth,
                          kFrame.right / kWidth));
  script.line(fmt::format("set bmargin at screen {:.4f}; set tmargin at screen {:.4f}", kFrame.bottom / kHeight,
                          kFrame.top / kHeight));
  script.line(fmt::format("set label 1000 {} at {} center font ',16' textcolor rgb '{}'",
                          gp_bold(make_title(chart, points)), screen(kWidth / 2, kHeight - 22), Palette::kInk));
  script.line("set xlabel 'file size (MB)'");
  script.line(chart.relative ? "set ylabel 'perplexity against FP32 of the same run (%, lower is better)'"
                             : "set ylabel 'perplexity on held-out text (lower is better)'");
  script.line(
      fmt::format("set xrange [0:{:.7g}]; set yrange [{:.7g}:{:.7g}]; set key off", axes.most_mb, axes.low, axes.high));
  write_numbers(script, axes, points);
  write_list(script, chart, points);
  script.line(plot);
  std::string caption =
      "Every point is a model, every colour a run: further left is smaller, further down is better. The list names the "
      "points.";
  caption += chart.relative
                 ? " Perplexities of these runs may not be compared, so each model is shown beside FP32 of its "
                   "own run."
                 : " The runs were measured on the same tokens.";
  if (any_beyond) caption += " An arrow upwards marks a model that lies above the picture; the list has its value.";
  return script.draw(folder, "Quality against size, all runs", caption);
}

}  // namespace octet
