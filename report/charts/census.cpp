#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text_columns.h"
#include "report/charts/chart_script.h"

namespace octet {
namespace {

constexpr double kWidth = 1100, kLeft = 190, kRight = 1080;  // of the picture and of the maps in it, in pixels
constexpr double kHead = 92, kGap = 62;                      // above the first map, and below each
constexpr double kThinnest = 2.5;                            // a channel that stands out must be seen
constexpr std::size_t kMostNameColumns = 28;
constexpr std::size_t kMostNames = 24;  // of the rows of a map; of more every second one has one, and so on

/// Shades: each begins at twice the value of the one before it.
struct Shade {
  double from;
  const char* colour;
};
constexpr std::array kShades = {Shade{4, Palette::kSky}, Shade{8, Palette::kBlue}, Shade{16, Palette::kOrange},
                                Shade{32, Palette::kRed}};

std::size_t shade_of(double value) {  // one more than its place in kShades; 0: below all
  std::size_t shade = 0;
  while (shade < kShades.size() && value >= kShades[shade].from) ++shade;
  return shade;
}

std::size_t channels_of(const CensusPanel& panel) {
  std::size_t most = 1;
  for (const CensusRow& row : panel.rows) most = std::max(most, row.max_over_std.size());
  return most;
}

/// Runs of neighbours of one shade as lines from x to x + width in row y.
void write_block(ChartScript& script, const CensusPanel& panel, std::size_t shade) {
  const double thinnest = kThinnest * static_cast<double>(channels_of(panel)) / (kRight - kLeft);
  script.begin_block(fmt::format("channel, row, width: at least {:g} standard deviations", kShades[shade - 1].from));
  script.row({NAN, NAN, NAN});  // gnuplot refuses a block without rows
  for (std::size_t y = 0; y < panel.rows.size(); ++y) {
    const std::vector<double>& row = panel.rows[y].max_over_std;
    for (std::size_t begin = 0, end = 0; begin < row.size(); begin = end) {
      end = begin + 1;
      if (shade_of(row[begin]) != shade) continue;
      while (end < row.size() && shade_of(row[end]) == shade) ++end;
      const double width = std::max(static_cast<double>(end - begin), thinnest);
      const double middle = (static_cast<double>(begin) + static_cast<double>(end)) / 2;
      script.row({middle - width / 2, static_cast<double>(y), width});
    }
  }
}

void set_names(ChartScript& script, const CensusPanel& panel) {
  const std::size_t every = (panel.rows.size() + kMostNames - 1) / kMostNames;
  std::string tics;
  for (std::size_t y = 0; y < panel.rows.size(); y += every) {
    tics += fmt::format("{}{} {}", y == 0 ? "" : ", ", gp_tic(shortened(panel.rows[y].layer, kMostNameColumns)), y);
  }
  script.line(fmt::format("set ytics scale 0 ({}) font ',11'", tics));
}

void write_legend(ChartScript& script, double height) {
  double x = kLeft;
  const double y = height - 58;
  for (const Shade& shade : kShades) {
    const bool last = &shade == &kShades.back();
    script.line(fmt::format("set label '' at screen {:.4f},{:.4f} point pointtype 5 pointsize 1.2 linecolor rgb '{}'",
                            x / kWidth, y / height, shade.colour));
    script.line(fmt::format(
        "set label '{}' at screen {:.4f},{:.4f} left font ',12' textcolor rgb '{}'",
        last ? fmt::format("{:g} and more", shade.from) : fmt::format("{:g} to {:g}", shade.from, 2 * shade.from),
        (x + 12) / kWidth, y / height, Palette::kInk));
    x += 110;
  }
  script.line(
      fmt::format("set label 'times the standard deviation of the layer: max |x|, log scale' at screen "
                  "{:.4f},{:.4f} left font ',12' textcolor rgb '{}'",
                  (x + 10) / kWidth, y / height, Palette::kMuted));
}

/// The largest cell of all.
struct Peak {
  std::string layer;
  std::size_t channel = 0;
  double value = 0;
};

Peak find_peak(const CensusChart& chart) {
  Peak peak;
  for (const CensusPanel& panel : chart.panels) {
    for (const CensusRow& row : panel.rows) {
      for (std::size_t c = 0; c < row.max_over_std.size(); ++c) {
        if (row.max_over_std[c] > peak.value) peak = {row.layer, c, row.max_over_std[c]};
      }
    }
  }
  return peak;
}

std::string make_title(const CensusChart& chart, const Peak& peak) {
  if (chart.systematic_channels > 0) {
    return fmt::format(
        "{} of the residual stream {} an outlier in layer after layer",
        chart.systematic_channels == 1 ? "One channel" : fmt::format("{} channels", chart.systematic_channels),
        chart.systematic_channels == 1 ? "is" : "are each");
  }
  return fmt::format("Outliers do not recur: the largest is channel {} of {}, {:.0f} standard deviations", peak.channel,
                     shortened(peak.layer, kMostNameColumns), peak.value);
}

}  // namespace

Chart draw_census_chart(const std::filesystem::path& folder, const std::string& name, const CensusChart& chart) {
  std::size_t rows = 0;
  for (const CensusPanel& panel : chart.panels) rows += panel.rows.size();
  check(rows > 0, "[census chart] expected layers, got none");
  const double row_height = std::clamp(420.0 / static_cast<double>(rows), 7.0, 20.0);
  const double height =
      kHead + row_height * static_cast<double>(rows) + kGap * static_cast<double>(chart.panels.size());
  ChartScript script(name, static_cast<int>(kWidth), static_cast<int>(height));
  const Peak peak = find_peak(chart);
  script.line(fmt::format("set multiplot title {} font ',16' textcolor rgb '{}'", gp_bold(make_title(chart, peak)),
                          Palette::kInk));
  write_legend(script, height);
  script.line(
      fmt::format("set lmargin at screen {:.4f}; set rmargin at screen {:.4f}", kLeft / kWidth, kRight / kWidth));
  script.line("set key off; unset grid; set xtics scale 0.5");
  double top = height - kHead;
  int block = 0;
  for (const CensusPanel& panel : chart.panels) {
    const double bottom = top - row_height * static_cast<double>(panel.rows.size());
    script.line(
        fmt::format("set tmargin at screen {:.4f}; set bmargin at screen {:.4f}", top / height, bottom / height));
    script.line(fmt::format("set xrange [0:{}]; set yrange [{:.1f}:-0.5]", channels_of(panel),
                            static_cast<double>(panel.rows.size()) - 0.5));
    script.line(fmt::format("set xlabel {} offset 0,0.6 font ',12'", gp_text("channel: " + panel.title)));
    set_names(script, panel);
    std::string plot;
    for (std::size_t shade = 1; shade <= kShades.size(); ++shade) {
      write_block(script, panel, shade);
      plot += fmt::format("{} index {} using 1:2:3:(0) with vectors nohead linewidth {:.2f} linecolor rgb '{}'",
                          plot.empty() ? "plot DATA" : ", ''", block++, row_height - 1, kShades[shade - 1].colour);
    }
    script.line(plot);
    script.line("unset label");  // the legend stands above the first map
    top = bottom - kGap;
  }
  script.line("unset multiplot");
  return script.draw(
      folder, "Outlier channels, layer by layer",
      fmt::format(
          "Every row is the input of a layer, every column a channel; its colour is the largest value among all tokens. "
          "Each colour of the key is twice as far out and takes one bit from all other values, where they share a scale. "
          "What is below {:g} standard deviations is left white. A coloured column through all rows is a channel that "
          "recurs, as in large models; single marks belong to their layer. The largest value is in channel {} of {}.",
          kShades.front().from, peak.channel, peak.layer));
}

}  // namespace octet
