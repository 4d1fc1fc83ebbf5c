#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "base/error.h"
#include "base/number_text.h"
#include "eval/outliers/histogram.h"
#include "report/charts/chart_script.h"
#include "report/charts/charts.h"

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
  script.line(first ? "set format y '%g'" : "set format y ''");  // the same axis in all columns
  script.line(fmt::format("set xrange [{:.7g}:{:.7g}]", -reach, reach));
  script.line(fmt::format("set yrange [{:.3g}:150]", floor));
  script.line(fmt::format("set xtics {:.7g}", tic_step(reach)));
  script.line(fmt::format(
      "plot DATA index {} using 1:({:.3g}):(0):(1000) with vectors nohead linewidth 0.7 linecolor rgb '{}', "
      "DATA index {} using 1:2 with boxes linecolor rgb '{}'",
      blocks.grid, floor, Palette::kOrange, blocks.values, Palette::kBlue));
}

/// A line for each cost: "int4 inputs: perplexity +812 %".
std::string cost_lines(const std::vector<OutlierCost>& costs, std::size_t panel) {
  std::string lines;
  for (const OutlierCost& cost : costs) {
    lines += fmt::format("\nint{} inputs: perplexity {}", cost.bits, format_change(cost.ppl_increase[panel].mean));
  }
  return lines;
}

void draw_codes(ChartScript& script, const GridUse& use, const std::string& costs, const PanelBlocks& blocks, int bits,
                double peak, bool first) {
  script.line(
      fmt::format("set title {}.\"\\n\".{} font ',13' offset 0,-0.5", gp_bold(fmt::format("SNR {:.1f} dB", use.snr_db)),
                  gp_text(fmt::format("99 % of the values on {} of {} levels\n{:.1f} of {} bits carry information{}",
                                      use.busy, use.levels, use.effective_bits, bits, costs))));
  script.line("set boxwidth 0.85 absolute");
  script.line(first ? "set ylabel 'share of values (%)'" : "unset ylabel");
  script.line("set xlabel 'integer code'");
  script.line("unset logscale y; set format y '%g'");
  script.line(fmt::format("set xrange [{0}:{1}]", -use.levels / 2 - 1, use.levels / 2 + 1));
  script.line(fmt::format("set yrange [0:{:.4g}]", 1.08 * peak));
  script.line(bits <= 4 ? "set xtics 2" : "set xtics autofreq");
  script.line(fmt::format("plot DATA index {} using 1:2 with boxes linecolor rgb '{}'", blocks.codes, Palette::kGreen));
}

/// What the whole model loses: "int8 inputs: one scale +0.64 % (+0.52 % to +0.76 %), clipped ...".
std::string cost_sentence(const OutlierCost& cost) {
  constexpr std::array kNames = {"one scale", "clipped", "per token", "per channel"};  // of kInputGrids
  std::string sentence;
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    const Interval& change = cost.ppl_increase[i];
    sentence += fmt::format("{}{} {} ({} to {})", i == 0 ? "" : ", ", kNames[i], format_change(change.mean),
                            format_change(change.low), format_change(change.high));
  }
  return fmt::format("int{} inputs: {}. ", cost.bits, sentence);
}

std::string make_caption(const OutlierChart& chart, const std::vector<GridUse>& uses) {
  const GridUse &whole = uses[0], &clipped = uses[1], &token = uses[2], &channel = uses[3];
  std::string caption = fmt::format(
      "Above: the values of {} (blue), the same in all columns, on a grid of {} levels (orange lines). Below: how many "
      "values each level got. ",
      chart.layer, whole.levels);
  caption += fmt::format(
      "One scale must reach the largest value, so the levels lie far apart: 99 % of the values share {} of them and the "
      "codes carry {:.1f} of {} bits. ",
      whole.busy, whole.effective_bits, chart.bits);
  caption += fmt::format(
      "Clipping gives up the few largest values for finer steps: the ordinary 99 % have {:.2g} times the squared error "
      "they had, all values together {:.1f} dB instead of {:.1f}. ",
      whole.bulk_mse > 0 ? clipped.bulk_mse / whole.bulk_mse : 1.0, clipped.snr_db, whole.snr_db);
  caption += fmt::format(
      "With a scale per token (a typical one is drawn) large values spoil only their own token: {:.1f} dB. This is what "
      "integer products use. ",
      token.snr_db);
  caption += fmt::format(
      "With a scale per channel they spoil only their own channel: {:.1f} dB. No integer product can use it; SmoothQuant "
      "makes the same grid by moving such factors into the weights.",
      channel.snr_db);
  if (chart.costs.empty()) return caption;
  caption += fmt::format(
      " Perplexity is that of the whole model, on {} tokens, with the inputs of each linear layer on such a grid and nothing "
      "else rounded ({} intervals). ",
      format_integer(chart.scored_tokens), format_confidence(chart.confidence));
  for (const OutlierCost& cost : chart.costs) caption += cost_sentence(cost);
  caption.pop_back();
  return caption;
}

}  // namespace

OutlierChart outlier_chart(const OutlierImpact& impact) {
  OutlierChart chart;
  chart.layer = impact.layer;
  chart.bits = impact.bits;
  for (const ImpactVariant& variant : impact.variants) {
    chart.panels.push_back(panel_of(variant, impact.original));
  }
  return chart;
}

Chart draw_outlier_chart(const std::filesystem::path& folder, const std::string& name, const OutlierChart& chart) {
  const std::size_t columns = kInputGrids.size();
  check(chart.panels.size() == columns, "[outlier chart] expected {} panels, got {}", columns, chart.panels.size());
  for (const OutlierCost& cost : chart.costs) {
    check(cost.ppl_increase.size() == columns, "[outlier chart] expected {} costs, got {}", columns,
          cost.ppl_increase.size());
  }
  std::vector<GridUse> uses;
  for (const GridPanel& panel : chart.panels) uses.push_back(measure_grid_use(panel, chart.bits));
  const double largest = measure_moments(chart.panels[0].original).max_abs;
  const double reach = largest > 0 ? 1.03 * largest : 1.0;
  const double floor = 50.0 / static_cast<double>(chart.panels[0].original.size());  // half of one value, in percent

  ChartScript script(name, 1200, 760);
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
      "set multiplot layout 2,{} margins 0.08,0.99,0.08,0.89 spacing 0.035,0.27 title {} font ',16' textcolor rgb "
      "'{}'",
      columns, gp_bold(fmt::format("{}: what a few outliers do to an int{} grid", chart.layer, chart.bits)),
      Palette::kInk));
  for (std::size_t i = 0; i < columns; ++i) {
    draw_values(script, chart.panels[i], blocks[i], reach, floor, choose_stride(chart.bits), i == 0);
  }
  for (std::size_t i = 0; i < columns; ++i) {
    draw_codes(script, uses[i], cost_lines(chart.costs, i), blocks[i], chart.bits, peak, i == 0);
  }
  script.line("unset multiplot");
  return script.draw(folder, fmt::format("A few outliers stretch the grid of {}", chart.layer),
                     make_caption(chart, uses));
}

}  // namespace octet
