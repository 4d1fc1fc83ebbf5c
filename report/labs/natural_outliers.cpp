#include "report/labs/natural_outliers.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "base/error.h"
#include "eval/outliers/layer_outliers.h"
#include "eval/score/window_batches.h"
#include "nn/observe.h"
#include "report/charts/try_to_draw.h"

namespace octet {
namespace {

/// Who carries the values of one layer that lie beyond a bound.
struct Carriers {
  std::int64_t beyond = 0, first = 0, positions = 0;
  std::map<std::int64_t, std::int64_t> channels;                ///< outliers of each
  std::map<std::int32_t, std::int64_t> tokens, tokens_of_text;  ///< outliers at each, and how often it comes

  /// x (1, T, C), read by the layer at the positions of `ids`.
  void add(const Tensor& x, std::span<const std::int32_t> ids, double mean, double bound) {
    const std::int64_t width = x.dim(-1);
    for (std::size_t t = 0; t < ids.size(); ++t) {
      ++positions;
      ++tokens_of_text[ids[t]];
      const float* row = x.data<float>() + static_cast<std::int64_t>(t) * width;
      for (std::int64_t c = 0; c < width; ++c) {
        if (!(std::abs(static_cast<double>(row[c]) - mean) > bound)) continue;
        ++beyond;
        first += t == 0 ? 1 : 0;
        ++channels[c];
        ++tokens[ids[t]];
      }
    }
  }
};

double share(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? kNotMeasured : static_cast<double>(part) / static_cast<double>(whole);
}

/// The entries with the largest counts; among equals those that come first.
template <typename Key>
std::vector<std::pair<Key, std::int64_t>> most_frequent(const std::map<Key, std::int64_t>& counts) {
  std::vector<std::pair<Key, std::int64_t>> sorted(counts.begin(), counts.end());
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  if (sorted.size() > WorstLayer::kMostShares) sorted.resize(WorstLayer::kMostShares);
  return sorted;
}

Carriers carriers_of(Gpt& model, std::span<const Window> windows, const OutlierStats& layer, double threshold) {
  Carriers carriers;
  for (const Window& window : windows) {  // one by one: a row of x is then a position of its window
    const Tensor ids = window_inputs({&window, 1});
    observe_inputs(model, {&ids, 1}, [&](const std::string& path, const Tensor& x) {
      if (path != layer.layer) return;
      carriers.add(x, ids.span<std::int32_t>(), layer.moments.mean, threshold * layer.moments.standard_deviation());
    });
  }
  return carriers;
}

}  // namespace

void measure_natural_outliers(NaturalVariant& variant, Gpt& fp32, const Tokenizer& tokenizer,
                              std::span<const Window> windows, const OutlierOptions& options,
                              std::int64_t batch_tokens) {
  const std::vector<OutlierStats> layers = activation_outliers(fp32, windows, options, batch_tokens);
  check(!layers.empty(), "[natural outliers] expected layers, got none");
  const auto worst = std::max_element(layers.begin(), layers.end(), [](const OutlierStats& a, const OutlierStats& b) {
    return a.max_over_std < b.max_over_std;
  });
  double kurtosis = 0;
  for (const OutlierStats& layer : layers) kurtosis += layer.kurtosis;
  variant.mean_kurtosis = kurtosis / static_cast<double>(layers.size());
  const Carriers carriers = carriers_of(fp32, windows, *worst, options.threshold);
  WorstLayer& result = variant.worst = {worst->layer,
                                        worst->max_over_std,
                                        worst->kurtosis,
                                        worst->moments.count,
                                        carriers.beyond,
                                        share(carriers.first, carriers.beyond),
                                        {},
                                        {}};
  for (const auto& [channel, count] : most_frequent(carriers.channels)) {
    result.channels.push_back({fmt::format("{}", channel), share(count, carriers.beyond), kNotMeasured});
  }
  for (const auto& [token, count] : most_frequent(carriers.tokens)) {
    result.tokens.push_back({tokenizer.decode(std::vector{token}), share(count, carriers.beyond),
                             share(carriers.tokens_of_text.at(token), carriers.positions)});
  }
}

void draw_natural_lab(NaturalLab& lab, const std::filesystem::path& folder) {
  NaturalChart chart;
  for (const NaturalVariant& variant : lab.variants) {
    NaturalPoint point = {variant.name, variant.worst.max_over_std, variant.worst.kurtosis, {}};
    for (const NaturalModel& model : variant.models) point.increase.push_back(model.ppl_increase.mean);
    chart.variants.push_back(std::move(point));
  }
  for (const NaturalModel& model : lab.variants.front().models) chart.models.push_back(model.name);
  const auto draw = [&] { return draw_natural_chart(folder / "charts", "natural_outliers", chart); };
  if (auto drawn = try_to_draw("The chart", draw, lab.notices)) lab.charts = {std::move(*drawn)};
}

}  // namespace octet
