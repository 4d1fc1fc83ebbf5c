#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/error.h"
#include "eval/charts/chart_script.h"
#include "eval/charts/charts.h"
#include "eval/outliers/histogram.h"

namespace octet {

namespace {

constexpr int kBins = 121;

/// int8 has too many levels to draw each.
int choose_stride(int bits) {
  return std::max(1, ((1 << (bits - 1)) - 1) / 16);
}

struct PanelBlocks {
  int values, grid, codes;
};

PanelBlocks add_blocks(ChartScript& script, const GridPanel& panel, int bits, double reach) {
  PanelBlocks blocks{};
  const Histogram values = make_histogram(panel.original, -reach, reach, kBins);
  blocks.values = script.begin_block("value, share of the values in percent");
  for (std::size_t bin = 0; bin < values.counts.size(); ++bin) {
    // NaN leaves an empty bin out: zero has no place on a logarithmic axis.
    script.row({values.center(bin), values.counts[bin] > 0 ? 100 * values.share(bin) : NAN});
  }
  const int top = (1 << (bits - 1)) - 1;
  const int stride = choose_stride(bits);
  blocks.grid = script.begin_block("levels of the grid");
  for (int code = -(top / stride) * stride; code <= top; code += stride) script.row({panel.scale * code, 0});
  blocks.codes = script.begin_block("code, share of the values in percent");
  const std::vector<std::int64_t> counts = count_codes(panel.codes, bits);
  for (std::size_t level = 0; level < counts.size(); ++level) {
    script.row({static_cast<double>(level) - top,
                100.0 * static_cast<double>(counts[level]) / static_cast<double>(panel.codes.size())});
  }
  return blocks;
}

void draw_values(ChartScript& script, const GridPanel& panel, const PanelBlocks& blocks, double reach, double floor,
                 int stride, bool first) {
  script.line(fmt::format("set title {} font ',15' offset 0,-0.5", gp_bold(panel.title)));
  script.line(first ? "set ylabel 'share of values (%), log scale'" : "unset ylabel");
  script.line(fmt::format("set xlabel {}",
                          gp_text(stride == 1 ? "value (orange: the levels of the grid)"
                                              : fmt::format("value (orange: every {}th level of the grid)", stride))));
  script.line(fmt::format("set boxwidth {:.7g} absolute", 0.96 * 2 * reach / kBins));
  script.line("set logscale y");
  script.line("set format y '%g'");
  script.line(fmt::format("set xrange [{:.7g}:{:.7g}]", -reach, reach));
  script.line(fmt::format("set yrange [{:.3g}:150]", floor));
  script.line("set xtics autofreq");
  script.line(fmt::format(
      "plot DATA index {} using 1:({:.3g}):(0):(1000) with vectors nohead linewidth 0.7 linecolor rgb '{}', "
      "DATA index {} using 1:2 with boxes linecolor rgb '{}'",
      blocks.grid, floor, Palette::kOrange, blocks.values, Palette::kBlue));
}

void draw_codes(ChartScript& script, const GridUse& use, const PanelBlocks& blocks, int bits, double peak, bool first) {
  script.line(fmt::format("set title {}.\"\\n\".{} font ',13' offset 0,-0.5",
                          gp_bold(fmt::format("99 % of the values on {} of {} levels", use.busy, use.levels)),
                          gp_text(fmt::format("levels used {:.0f} %,  {:.1f} of {} bits carry information\n"
                                              "SNR {:.1f} dB,  MSE {:.1e}  (ordinary 99 %: {:.1e})",
                                              100.0 * use.used / use.levels, use.effective_bits, bits, use.snr_db,
                                              use.mse, use.bulk_mse))));
  script.line("set boxwidth 0.85 absolute");
  script.line(first ? "set ylabel 'share of values (%)'" : "unset ylabel");
  script.line("set xlabel 'integer code'");
  script.line("unset logscale y");
  script.line(fmt::format("set xrange [{0}:{1}]", -use.levels / 2 - 1, use.levels / 2 + 1));
  script.line(fmt::format("set yrange [0:{:.4g}]", 1.08 * peak));
  if (bits <= 4) script.line("set xtics 1");
  script.line(fmt::format("plot DATA index {} using 1:2 with boxes linecolor rgb '{}'", blocks.codes, Palette::kGreen));
}

std::string make_caption(const OutlierChart& chart, const std::vector<GridUse>& uses) {
  const GridUse& tensor = uses[0];
  const GridUse& clipped = uses[1];
  const GridUse& channel = uses[2];
  std::string caption = fmt::format(
      "Above: the values of {} (blue), the same in all three, on a grid of {} levels (orange lines). Below: how many "
      "values each level got. ",
      chart.layer, tensor.levels);
  caption += fmt::format(
      "Left: one scale must reach the largest value, so the levels lie far apart; 99 % of the values share {} of them "
      "and the codes carry only {:.1f} of {} bits. ",
      tensor.busy, tensor.effective_bits, chart.bits);
  caption += fmt::format(
      "Middle: clipping gives up the few largest values for finer steps: {} levels for 99 %. The clipped values pay "
      "for it; the ordinary 99 % have {:.2g} times the squared error they had, all values together {:.1f} dB SNR "
      "instead of {:.1f}. ",
      clipped.busy, tensor.bulk_mse > 0 ? clipped.bulk_mse / tensor.bulk_mse : 1.0, clipped.snr_db, tensor.snr_db);
  caption += fmt::format(
      "Right: each row has its own scale (a typical row is drawn), so an outlier spoils only its own row: {} levels "
      "for 99 %, {:.1f} dB.",
      channel.busy, channel.snr_db);
  return caption;
}

}  // namespace

OutlierChart outlier_chart(const OutlierImpact& impact) {
  OutlierChart chart{impact.layer, impact.bits, {}};
  for (const ImpactVariant& variant : impact.variants) {
    chart.panels.push_back(panel_of(variant, impact.original));
  }
  return chart;
}

Chart draw_outlier_chart(const std::filesystem::path& folder, const std::string& name, const OutlierChart& chart) {
  check(chart.panels.size() == 3, "[outlier chart] expected 3 panels, got {}", chart.panels.size());
  std::vector<GridUse> uses;
  for (const GridPanel& panel : chart.panels) uses.push_back(measure_grid_use(panel, chart.bits));
  const double largest = measure_moments(chart.panels[0].original).max_abs;
  const double reach = largest > 0 ? 1.03 * largest : 1.0;
  const double floor = 50.0 / static_cast<double>(chart.panels[0].original.size());  // half of one value, in percent

  ChartScript script(name, 1200, 720);
  std::vector<PanelBlocks> blocks;
  double peak = 0;
  for (const GridPanel& panel : chart.panels) {
    blocks.push_back(add_blocks(script, panel, chart.bits, reach));
    for (const std::int64_t count : count_codes(panel.codes, chart.bits)) {
      peak = std::max(peak, 100.0 * static_cast<double>(count) / static_cast<double>(panel.codes.size()));
    }
  }
  script.line("set style fill solid 0.85 noborder");
  script.line("set key off");
  script.line(fmt::format(
      "set multiplot layout 2,3 margins 0.08,0.985,0.085,0.885 spacing 0.05,0.225 title {} font ',16' textcolor rgb "
      "'{}'",
      gp_bold(fmt::format("{}: what a few outliers do to an int{} grid", chart.layer, chart.bits)), Palette::kInk));
  for (std::size_t i = 0; i < 3; ++i) {
    draw_values(script, chart.panels[i], blocks[i], reach, floor, choose_stride(chart.bits), i == 0);
  }
  for (std::size_t i = 0; i < 3; ++i) draw_codes(script, uses[i], blocks[i], chart.bits, peak, i == 0);
  script.line("unset multiplot");
  return script.draw(folder, fmt::format("A few outliers stretch the grid of {}", chart.layer),
                     make_caption(chart, uses));
}

}  // namespace octet
