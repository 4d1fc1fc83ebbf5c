#include "eval/microscope/matrix_view.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "base/error.h"
#include "base/number_text.h"
#include "base/text_columns.h"
#include "report/charts/chart_script.h"

namespace octet {
namespace {

constexpr std::size_t kMostLabelColumns = 60;

double decibels(double relative_mse) {
  return -10 * std::log10(relative_mse);
}

void begin_panel(ChartScript& script, const std::string& title, const std::string& numbers, const std::string& x,
                 const std::string& y) {
  script.line("unset label; unset arrow; unset logscale; set key off; set format x '%g'; set format y '%g'");
  script.line("set xrange [*:*]; set yrange [*:*]; set xtics autofreq norotate; set ytics autofreq");
  script.line(fmt::format("set title {}.\"\\n\".{} font ',13' offset 0,-0.4", gp_bold(title), gp_text(numbers)));
  script.line(fmt::format("set xlabel {}; set ylabel {}", gp_text(x), gp_text(y)));
}

std::string label(const std::string& text, const std::string& place, const char* colour) {
  return fmt::format("set label {} at {} textcolor rgb '{}' font ',11'", gp_text(text), place, colour);
}

/// The weights, on a logarithmic axis, over the levels of int4 up to the largest of them.
void draw_histogram(ChartScript& script, const MatrixView& view) {
  const double total = std::accumulate(view.histogram.begin(), view.histogram.end(), 0.0);
  const double width = 2 * view.histogram_reach / static_cast<double>(view.histogram.size());
  const int bars = script.begin_block("weight, share of the weights in percent");
  for (std::size_t bin = 0; bin < view.histogram.size(); ++bin) {
    const double share = 100 * static_cast<double>(view.histogram[bin]) / total;
    script.row({(static_cast<double>(bin) + 0.5) * width - view.histogram_reach, share > 0 ? share : NAN});
  }
  const int levels = script.begin_block("levels of int4 up to the largest weight");
  const int top = static_cast<int>(view.full.counts.size() / 2);
  for (int code = -top; code <= top; ++code) script.row({view.full.clip * code / top, 0});
  const double floor = 50 / total;  // half of one weight, in percent
  begin_panel(
      script, "The weights over an int4 grid",
      fmt::format("std {:.3g}, largest {:.1f} std, kurtosis {:.1f}", view.std, view.max_abs / view.std, view.kurtosis),
      "weight (orange: levels up to the largest)", "share of weights (%), log scale");
  script.line("set logscale y");
  script.line(fmt::format("set xrange [{0:.7g}:{1:.7g}]; set yrange [{2:.3g}:100]", -view.histogram_reach,
                          view.histogram_reach, floor));
  script.line(fmt::format("set xtics {:.7g}", view.histogram_reach / 2));
  script.line("set format x '%.2g'");
  script.line(fmt::format(
      "plot DATA index {} using 1:({:.3g}):(0):(1000) with vectors nohead linewidth 0.7 linecolor rgb '{}', "
      "DATA index {} using 1:2:({:.6g}) with boxes linecolor rgb '{}'",
      levels, floor, Palette::kOrange, bars, 0.96 * width, Palette::kBlue));
}

/// Which levels the weights use: of the grid up to the largest, and of the clipped one.
void draw_levels(ChartScript& script, const MatrixView& view) {
  const int block = script.begin_block("code, share in percent: up to the largest weight, clipped");
  const int top = static_cast<int>(view.full.counts.size() / 2);
  const double total = std::accumulate(view.full.counts.begin(), view.full.counts.end(), 0.0);
  double tallest = 0;
  for (std::size_t i = 0; i < view.full.counts.size(); ++i) {
    const double full = 100 * static_cast<double>(view.full.counts[i]) / total;
    const double clipped = 100 * static_cast<double>(view.clipped.counts[i]) / total;
    script.row({static_cast<double>(i) - top, full, clipped});
    tallest = std::max({tallest, full, clipped});
  }
  begin_panel(
      script, "Levels that the weights use",
      fmt::format("{} of {} used, {} once clipped", view.full.used(), view.full.counts.size(), view.clipped.used()),
      "integer code", "share of weights (%)");
  script.line(fmt::format("set xrange [{}:{}]; set xtics 2", -top - 1, top + 1));
  script.line(fmt::format("set yrange [0:{:.4g}]; set key top right samplen 1", 1.35 * tallest));
  script.line(fmt::format(
      "plot DATA index {0} using ($1-0.2):2:(0.38) with boxes linecolor rgb '{1}' title 'up to the largest', "
      "DATA index {0} using ($1+0.2):3:(0.38) with boxes linecolor rgb '{2}' title 'clipped'",
      block, Palette::kOrange, Palette::kGreen));
}

/// Why a scale per channel helps: most rows reach less far than the one with the largest weight.
void draw_ranges(ChartScript& script, const MatrixView& view) {
  const int block = script.begin_block("output channel from the widest on, largest weight in standard deviations");
  for (std::size_t i = 0; i < view.channel_max.size(); ++i) {
    script.row({100.0 * static_cast<double>(i) / static_cast<double>(view.channel_max.size()), view.channel_max[i]});
  }
  const double middle = view.channel_max[view.channel_max.size() / 2];
  begin_panel(script, "Ranges of the output channels",
              fmt::format("widest {:.1f} std, the middle one {:.1f}", view.channel_max.front(), middle),
              "channels, the widest first (%)", "largest weight (std)");
  script.line("set xrange [0:100]; set yrange [0:*]");
  script.line(fmt::format("plot DATA index {} using 1:2 with fillsteps fillstyle solid 0.85 linecolor rgb '{}'", block,
                          Palette::kBlue));
}

/// A curve for each number of bits, its least error marked.
void draw_clips(ChartScript& script, const MatrixView& view) {
  constexpr std::array kColours = {Palette::kRed, Palette::kOrange, Palette::kGreen, Palette::kBlue, Palette::kPurple};
  begin_panel(script, "Error against the clip",
              fmt::format("int4: {:.1f} dB at {:.0f} % of the largest, {:.1f} without clip",
                          decibels(view.clipped.relative_mse), 100 * view.clipped.clip / view.max_abs,
                          decibels(view.full.relative_mse)),
              "clip, in percent of the largest weight", "error / signal (MSE), log scale");
  script.line("set logscale y; set xrange [0:132]; set xtics 20; set format y '10^{%L}'");
  std::string plot;
  for (std::size_t i = 0; i < view.curves.size(); ++i) {
    const ClipCurve& curve = view.curves[i];
    const char* colour = kColours[i % kColours.size()];
    const int line = script.begin_block(fmt::format("{} bits: clip in percent, relative MSE", curve.bits));
    for (std::size_t k = 0; k < curve.relative_mse.size(); ++k)
      script.row({100 * view.clips[k], curve.relative_mse[k]});
    const auto best = std::min_element(curve.relative_mse.begin(), curve.relative_mse.end());
    const int least = script.begin_block("the least of it");
    script.row({100 * view.clips[static_cast<std::size_t>(best - curve.relative_mse.begin())], *best});
    script.line(
        label(fmt::format("{} bits", curve.bits), fmt::format("105,{:.4g}", curve.relative_mse.back()), colour));
    plot += fmt::format(
        "{0}DATA index {1} using 1:2 with lines linewidth 2 linecolor rgb '{2}', "
        "DATA index {3} using 1:2 with points pointtype 7 pointsize 0.9 linecolor rgb '{2}'",
        plot.empty() ? "plot " : ", ", line, colour, least);
  }
  script.line(plot);
}

/// Where levels stand, beside how often each place is used.
void draw_cells(ChartScript& script, const MatrixView& view) {
  constexpr std::array kColours = {Palette::kOrange, Palette::kGreen, Palette::kPurple};
  const std::size_t bins = view.block_histogram.size();
  const int bars = script.begin_block("weight / largest of its block of 32, share relative to the tallest bin");
  const double tallest = *std::max_element(view.block_histogram.begin(), view.block_histogram.end());
  for (std::size_t bin = 0; bin < bins; ++bin) {
    script.row(
        {(2.0 * static_cast<double>(bin) + 1) / static_cast<double>(bins) - 1, view.block_histogram[bin] / tallest});
  }
  std::string numbers, plot;
  begin_panel(script, "Cells of formats of 4 bits", "", "weight / largest of its block of 32", "");
  for (std::size_t i = 0; i < view.cells.size(); ++i) {
    const CellView& cell = view.cells[i];
    const double y = -0.22 * static_cast<double>(i + 1);
    const int block = script.begin_block(cell.name + ": levels, and the borders between them");
    for (std::size_t k = 0; k < cell.levels.size(); ++k) {
      const bool is_last = k + 1 == cell.levels.size();
      script.row({cell.levels[k], y, is_last ? NAN : 0.5 * (cell.levels[k] + cell.levels[k + 1])});
    }
    const char* colour = kColours[i % kColours.size()];
    script.line(label(cell.name, fmt::format("-1.06,{:.3g} right", y), colour));
    plot += fmt::format(
        ", DATA index {0} using 3:({1:.3g}):(0):(0.14) with vectors nohead linewidth 0.8 linecolor rgb '{2}', "
        "DATA index {0} using 1:2 with points pointtype 7 pointsize 0.6 linecolor rgb '{2}'",
        block, y - 0.07, colour);
    numbers += fmt::format("{}{} {:.2f}", i == 0 ? "" : ", ", cell.name, cell.bits_that_carry);
  }
  script.line(fmt::format("set title {}.\"\\n\".{}", gp_bold("Cells of formats of 4 bits"),
                          gp_text("bits that carry information: " + numbers)));
  script.line("set xrange [-1.45:1.05]; set yrange [-0.8:1.05]; set xtics -1,0.5,1; unset ytics");
  script.line(fmt::format("plot DATA index {} using 1:2:({:.4g}) with boxes linecolor rgb '{}'{}", bars,
                          1.9 / static_cast<double>(bins), Palette::kBlue, plot));
  script.line("set ytics");
}

/// Each format by its bits and error, above the least error of normal values.
void draw_shannon(ChartScript& script, const MatrixView& view) {
  const int line = script.begin_block("bits per weight, 4^-bits");
  for (double bits = 1.5; bits <= 10.5; bits += 0.25) script.row({bits, std::exp2(-2 * bits)});
  const int points = script.begin_block("bits per weight, relative MSE of a format");
  std::string best;
  double nearest = INFINITY;
  begin_panel(script, "Formats above Shannon's line", "", "bits per weight, scales included",
              "error / signal (MSE), log scale");
  for (const FormatView& format : view.formats) {
    const double bits = format.loss.bits_per_weight, mse = format.loss.relative_mse;
    script.row({bits, mse > 0 ? mse : NAN});
    if (!(mse > 0)) continue;
    const double times = mse * std::exp2(2 * bits);
    if (times < nearest) {
      nearest = times;
      best = format.name;
    }
    const bool to_left = format.name == "nf4" || format.name == "table4";
    script.line(label(format.name,
                      fmt::format("{:.4g},{:.4g} {} offset {},{}", bits, mse, to_left ? "right" : "left",
                                  to_left ? -0.8 : 0.8, format.name == "table4" ? -0.5 : 0.4),
                      Palette::kInk));
  }
  script.line(fmt::format("set title {}.\"\\n\".{}", gp_bold("Formats above Shannon's line"),
                          gp_text(fmt::format("nearest: {}, {:.1f} times 4^-bits", best, nearest))));
  script.line("set logscale y; set xrange [1.5:10.5]; set xtics 1; set format y '10^{%L}'");
  script.line(
      fmt::format("plot DATA index {} using 1:2 with lines linewidth 1.5 linecolor rgb '{}', "
                  "DATA index {} using 1:2 with points pointtype 7 pointsize 0.8 linecolor rgb '{}'",
                  line, Palette::kRed, points, Palette::kBlue));
}

std::string caption_of(const MatrixView& view) {
  const double gain = decibels(view.clipped.relative_mse) - decibels(view.full.relative_mse);
  return fmt::format(
      "{} ({} x {}): {}. Above: one int4 grid for the matrix must reach the largest weight, {:.1f} standard deviations "
      "away, and leaves the others {} of its {} levels; the ranges on the right say how much less far most channels "
      "reach. Below: a clip at {:.0f} % gives up the largest weights for finer steps and {}; formats with levels where "
      "weights are many use their 4 bits better; below the red line, 4^-bits, no code of normal values can lie (Shannon).",
      view.tensor, view.shape.at(0), view.shape.at(1), view.reason, view.max_abs / view.std, view.full.used(),
      view.full.counts.size(), 100 * view.clipped.clip / view.max_abs,
      gain < 0.05 ? std::string("gains nothing here") : fmt::format("gains {:.1f} dB", gain));
}

}  // namespace

Chart draw_matrix_chart(const std::filesystem::path& folder, const std::string& name, const MatrixView& view) {
  check(!view.histogram.empty() && !view.channel_max.empty() && !view.block_histogram.empty() &&
            view.full.counts.size() == view.clipped.counts.size() && view.full.counts.size() > 1 &&
            view.shape.size() == 2 && std::isfinite(view.std) && view.std > 0 && view.max_abs > 0,
        "[matrix chart] expected a view of a matrix, got an empty one");
  for (const ClipCurve& curve : view.curves) {
    check(!curve.relative_mse.empty() && curve.relative_mse.size() == view.clips.size(),
          "[matrix chart] expected an error for each of {} clips, got {}", view.clips.size(),
          curve.relative_mse.size());
  }
  ChartScript script(name, 1200, 800);
  script.line("set style fill solid 0.85 noborder");
  script.line(fmt::format(
      "set multiplot layout 2,3 margins 0.07,0.985,0.09,0.87 spacing 0.085,0.25 title {} font ',16' textcolor rgb '{}'",
      gp_bold(shortened(view.tensor, kMostLabelColumns) + " under the microscope"), Palette::kInk));
  draw_histogram(script, view);
  draw_levels(script, view);
  draw_ranges(script, view);
  draw_clips(script, view);
  draw_cells(script, view);
  draw_shannon(script, view);
  script.line("unset multiplot");
  return script.draw(folder, fmt::format("{} under the microscope", view.tensor), caption_of(view));
}

}  // namespace octet
