#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/error.h"
#include "base/number_text.h"
#include "base/text_columns.h"
#include "report/charts/chart_script.h"

namespace octet {
namespace {

constexpr double kHeight = 700;  // of the picture, in pixels
constexpr double kAxisWidth = 84, kGap = 26, kPointWidth = 46, kLeastPanel = 190, kLeastWidth = 860, kMostWidth = 2400;
constexpr std::size_t kMostLabelColumns = 24;

/// Where the panels of a source are, in pixels.
struct Column {
  double left, right;
};

struct Layout {
  double width;
  std::vector<Column> columns;

  explicit Layout(const std::vector<EntropyPanel>& panels) {
    double wanted = 0;
    for (const EntropyPanel& panel : panels) {
      wanted = std::max(wanted, std::max(kLeastPanel, kPointWidth * static_cast<double>(panel.points.size())));
    }
    const auto count = static_cast<double>(panels.size());
    width = std::clamp(count * (wanted + kAxisWidth) + kGap, kLeastWidth, kMostWidth);
    const double step = (width - kGap) / count;
    for (double i = 0; i < count; ++i) columns.push_back({i * step + kAxisWidth, (i + 1) * step});
  }
};

void set_frame(ChartScript& script, const Layout& layout, const Column& column, double bottom, double top) {
  script.line(fmt::format("set lmargin at screen {:.5f}; set rmargin at screen {:.5f}", column.left / layout.width,
                          column.right / layout.width));
  script.line(
      fmt::format("set bmargin at screen {:.5f}; set tmargin at screen {:.5f}", bottom / kHeight, top / kHeight));
}

double model_error(const EntropyPanel& panel) {
  return panel.points.front().excess;
}

/// What rounding added to the error of the trained model; the first point was not rounded.
double quantizer_error(const EntropyPanel& panel, std::size_t point) {
  return panel.points[point].excess - model_error(panel);
}

double largest_excess(const EntropyPanel& panel) {
  double largest = 0;
  for (const EntropyPoint& point : panel.points) largest = std::max(largest, point.excess);
  return largest;
}

/// A block of a panel: x, floor, with the model's error, with the quantizer's too, each error by itself.
int write_block(ChartScript& script, const EntropyPanel& panel) {
  const int block = script.begin_block(
      "place, entropy of the source, with the error of the trained model, with that of the quantizer, each by itself");
  for (std::size_t i = 0; i < panel.points.size(); ++i) {
    script.row({static_cast<double>(i), panel.entropy, panel.entropy + model_error(panel),
                panel.entropy + panel.points[i].excess, model_error(panel), quantizer_error(panel, i)});
  }
  return block;
}

std::string tics(const EntropyPanel& panel, bool labels) {
  std::string list;
  for (std::size_t i = 0; i < panel.points.size(); ++i) {
    const std::string label = labels ? shortened(panel.points[i].label, kMostLabelColumns) : "";
    list += fmt::format("{}{} {}", i == 0 ? "" : ", ", gp_tic(label), i);
  }
  return list;
}

/// What colours mean, in one line below the title: gnuplot's own would take the room of the panels.
void write_legend(ChartScript& script, double width) {
  struct Entry {
    const char *mark, *color, *text;
    double width;  // in pixels
  };
  const Entry entries[] = {{"\u2501", Palette::kGreen, "true entropy: the floor", 190},
                           {"\u25a0", Palette::kOrange, "error of the trained model", 210},
                           {"\u25a0", Palette::kBlue, "error of the quantizer", 150}};
  double x = width / 2;
  for (const Entry& entry : entries) x -= entry.width / 2;
  for (const Entry& entry : entries) {
    const auto label = [&](const char* text, double shift, const char* color) {
      script.line(fmt::format("set label {} at screen {:.5f},{:.5f} left textcolor rgb '{}'", gp_text(text),
                              (x + shift) / width, (kHeight - 50) / kHeight, color));
    };
    label(entry.mark, 0, entry.color);
    label(entry.text, 18, Palette::kInk);
    x += entry.width;
  }
}

/// Bars on the floor, with a linear axis.
void draw_bars(ChartScript& script, const EntropyPanel& panel, int block, bool first) {
  const double range = std::max(largest_excess(panel), 1e-6);
  const double count = static_cast<double>(panel.points.size());
  if (!first) script.line("unset label");
  script.line("unset logscale y; set format y '%.4g'");
  script.line(fmt::format("set xtics ({}) scale 0", tics(panel, false)));
  script.line(fmt::format("set xrange [-0.7:{:.1f}]; set yrange [{:.8g}:{:.8g}]", count - 0.3,
                          panel.entropy - 0.12 * range, panel.entropy + 1.12 * range));
  script.line(fmt::format("set title {} font ',14' textcolor rgb '{}'",
                          gp_bold(fmt::format("{}: true entropy {}", shortened(panel.source, kMostLabelColumns),
                                              format_fixed(panel.entropy, 4))),
                          Palette::kInk));
  script.line(first ? "set ylabel 'nats per symbol'" : "unset ylabel");
  script.line(
      fmt::format("plot DATA index {0} using 1:2:($1-0.36):($1+0.36):2:3 with boxxyerror linecolor rgb '{1}', "
                  "'' index {0} using 1:3:($1-0.36):($1+0.36):3:4 with boxxyerror linecolor rgb '{2}', "
                  "{3:.10g} with lines linewidth 2 linecolor rgb '{4}'",
                  block, Palette::kOrange, Palette::kBlue, panel.entropy, Palette::kGreen));
}

/// Both errors by themselves, on a logarithmic axis.
void draw_errors(ChartScript& script, const EntropyPanel& panel, int block, bool first) {
  double low = model_error(panel) > 0 ? model_error(panel) : INFINITY, high = std::max(0.0, model_error(panel));
  for (std::size_t i = 1; i < panel.points.size(); ++i) {
    const double error = quantizer_error(panel, i);
    if (!(error > 0)) continue;
    low = std::min(low, error);
    high = std::max(high, error);
  }
  if (!std::isfinite(low)) low = high = 1;  // nothing can be shown
  low /= 6;                                 // room for labels
  high *= 4;
  script.line("set logscale y; set format y '10^{%L}'; unset title; unset label");
  script.line(fmt::format("set xtics ({}) rotate by 35 right scale 0", tics(panel, true)));
  script.line(fmt::format("set yrange [{:.6g}:{:.6g}]", low, high));
  script.line(first ? "set ylabel 'error, nats per symbol (log scale)'" : "unset ylabel");
  for (std::size_t i = 0; i < panel.points.size(); ++i) {
    const double error = i == 0 ? model_error(panel) : quantizer_error(panel, i);
    const double offset = error > 0 && error < model_error(panel) ? -0.9 : 0.8;  // away from the dashed line
    script.line(fmt::format("set label {} at {},{:.6g} center offset 0,{} font ',11' textcolor rgb '{}'",
                            gp_text(error > 0 ? format_divergence(error) : "none"), i, error > 0 ? error : low, offset,
                            Palette::kInk));
  }
  script.line(fmt::format(
      "plot DATA index {0} using 1:5 with lines dashtype 2 linewidth 1.5 linecolor rgb '{1}', "
      "'' index {0} every ::0::0 using 1:5 with points pointtype 7 pointsize 1 linecolor rgb '{1}', "
      "'' index {0} every ::1 using 1:($6>0?$6:NaN) with points pointtype 7 pointsize 1 linecolor rgb '{2}'",
      block, Palette::kOrange, Palette::kBlue));
}

}  // namespace

Chart draw_entropy_chart(const std::filesystem::path& folder, const std::string& name,
                         const std::vector<EntropyPanel>& panels) {
  for (const EntropyPanel& panel : panels) {
    check(!panel.points.empty(), "[entropy chart] expected models on {}, got none", panel.source);
    for (const EntropyPoint& point : panel.points) {
      check(std::isfinite(point.excess) && std::isfinite(panel.entropy),
            "[entropy chart] expected finite losses of {} on {}, got {} above {}", point.label, panel.source,
            point.excess, panel.entropy);
    }
  }
  check(!panels.empty(), "[entropy chart] expected sources, got none");
  const Layout layout(panels);
  ChartScript script(name, static_cast<int>(layout.width), static_cast<int>(kHeight));
  std::vector<int> blocks;
  for (const EntropyPanel& panel : panels) blocks.push_back(write_block(script, panel));
  const std::string title = "What training left, and what rounding added, above the entropy of the source";
  script.line("set style fill solid 0.85 noborder; set multiplot");
  script.line(fmt::format("set label {} at screen 0.5,{:.4f} center font ',16' textcolor rgb '{}'", gp_bold(title),
                          (kHeight - 22) / kHeight, Palette::kInk));
  write_legend(script, layout.width);
  script.line("set key off");
  for (std::size_t i = 0; i < panels.size(); ++i) {
    set_frame(script, layout, layout.columns[i], 390, kHeight - 106);
    draw_bars(script, panels[i], blocks[i], i == 0);
    set_frame(script, layout, layout.columns[i], 96, 356);
    draw_errors(script, panels[i], blocks[i], i == 0);
  }
  script.line("unset multiplot");
  return script.draw(
      folder, title,
      "The green line is the entropy of the source, computed from its probabilities: below it nothing can be predicted. "
      "Bars stand on it. The orange part is what the trained model loses beside the source itself, the blue part what "
      "rounding its weights adds. Below, the same two errors on a logarithmic scale: where a blue point is under the "
      "dashed line, rounding costs less than training left undone.");
}

}  // namespace octet
