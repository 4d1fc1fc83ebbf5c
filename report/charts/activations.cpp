#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text_columns.h"
#include "report/charts/chart_script.h"

namespace octet {

namespace {

constexpr std::size_t kMostNameColumns = 40;  // longer names would push the bars out of the picture

void add_layer_names(ChartScript& script, const std::vector<LayerOutliers>& layers) {
  std::string tics;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    tics += fmt::format("{}{} {}", i == 0 ? "" : ", ", gp_tic(layers[i].layer), i);
  }
  script.line(fmt::format("set xtics nomirror scale 0 rotate by 55 right ({}) font ',11'", tics));
}

std::string make_caption(const ActivationChart& chart, const LayerOutliers& worst) {
  return fmt::format(
      "Above: how far the largest input of each layer lies from the mean, in standard deviations; a bell curve of this "
      "many values would stay below about 5 to 6 (dashed: {:g}). The worst is {} with {:.1f}. int8 spends its 255 "
      "levels up to the largest value, so at {:.0f} standard deviations an ordinary value sees only about {:.0f} of "
      "them. Below: how many values count as outliers by two rules.",
      chart.sigma_threshold, worst.layer, worst.max_over_std, worst.max_over_std,
      worst.max_over_std > 0 ? 255.0 / worst.max_over_std : 255.0);
}

}  // namespace

Chart draw_activation_chart(const std::filesystem::path& folder, const std::string& name,
                            const ActivationChart& chart) {
  std::vector<LayerOutliers> layers;
  for (const LayerOutliers& layer : chart.layers) {
    if (!std::isfinite(layer.max_over_std) || layer.max_over_std < 0) continue;
    layers.push_back(layer);
    layers.back().layer = shortened(layer.layer, kMostNameColumns);
  }
  check(!layers.empty(), "[activation chart] expected layers with a measured largest value, got none among {}",
        chart.layers.size());
  const LayerOutliers& worst = *std::max_element(
      layers.begin(), layers.end(), [](const auto& a, const auto& b) { return a.max_over_std < b.max_over_std; });
  std::size_t longest = 0;
  double highest = 0;
  for (const LayerOutliers& layer : layers) {
    longest = std::max(longest, layer.layer.size());
    for (const double share : {layer.share_sigma, layer.share_absolute}) {
      if (std::isfinite(share)) highest = std::max(highest, 100 * share);
    }
  }

  const int width = std::clamp(160 + 26 * static_cast<int>(layers.size()), 800, 2400);
  const double name_height = std::min(230.0, 30 + 5.5 * static_cast<double>(longest));  // rotated names, in pixels
  const double height = 560 + name_height;
  ChartScript script(name, width, static_cast<int>(height));
  script.begin_block("layer, max |x| / std, share beyond the sigma rule in percent, share of the absolute rule");
  for (std::size_t i = 0; i < layers.size(); ++i) {
    script.row(
        {static_cast<double>(i), layers[i].max_over_std, 100 * layers[i].share_sigma, 100 * layers[i].share_absolute});
  }
  const double left = 85.0 / width;
  const double bottom = name_height / height;
  const double half = (1 - bottom - 0.1) / 2;
  script.line(fmt::format("set xrange [-0.7:{:.1f}]", static_cast<double>(layers.size()) - 0.3));
  script.line("set style fill solid 0.85 noborder");
  script.line(fmt::format("set lmargin at screen {:.4f}; set rmargin at screen 0.985", left));
  script.line(fmt::format("set multiplot title {} font ',16' textcolor rgb '{}'",
                          gp_bold(fmt::format("The largest input of {} is {:.0f} standard deviations out", worst.layer,
                                              worst.max_over_std)),
                          Palette::kInk));
  script.line(fmt::format("set tmargin at screen 0.925; set bmargin at screen {:.4f}", bottom + half + 0.035));
  script.line("unset xtics; set ylabel 'max |x| / std'; set key off");
  script.line(worst.max_over_std > 0 ? "set yrange [0:*]" : "set yrange [0:1]");
  script.line("set boxwidth 0.7");
  script.line(fmt::format(
      "plot DATA index 0 using 1:2 with boxes linecolor rgb '{}', {:g} with lines dashtype 2 linecolor rgb '{}'",
      Palette::kBlue, chart.sigma_threshold, Palette::kInk));
  script.line(fmt::format("set tmargin at screen {:.4f}; set bmargin at screen {:.4f}", bottom + half - 0.02, bottom));
  add_layer_names(script, layers);
  script.line("set ylabel 'share of values (%)'; set key top left Left reverse");
  script.line(fmt::format("set yrange [0:{:.5g}]", highest > 0 ? 1.35 * highest : 1.0));  // room for the key
  script.line(
      fmt::format("plot DATA index 0 using ($1-0.19):3:(0.36) with boxes linecolor rgb '{}' title {}, "
                  "'' index 0 using ($1+0.19):4:(0.36) with boxes linecolor rgb '{}' title {}",
                  Palette::kOrange, gp_text(fmt::format("beyond {:g} standard deviations", chart.sigma_threshold)),
                  Palette::kGreen, gp_text(fmt::format("|x| >= {:g}", chart.absolute_threshold))));
  script.line("unset multiplot");
  return script.draw(folder, "Outliers among the activations, layer by layer", make_caption(chart, worst));
}

}  // namespace octet
