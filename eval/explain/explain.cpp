#include "eval/explain/explain.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "base/number_text.h"
#include "base/text_columns.h"
#include "eval/explain/input_methods.h"
#include "eval/explain/value_ranges.h"
#include "eval/explain/weight_methods.h"
#include "eval/outliers/outliers.h"

namespace octet {
namespace {

constexpr std::size_t kTogether = 16;  // layers whose inputs are in memory at once

constexpr const char* kErrorLegend =
    "\nErrors are mean squares, in percent of the mean square of what the FP32 layer puts out.\n"
    "predicted: of inputs, from where their values lie within the range of their scale; of weights, from their rounding\n"
    "errors and the mean and variance of each input channel. measured: of the output, computed with the rounded numbers.\n"
    "off by: the prediction beside what was measured.\n";

constexpr const char* kTableLegend =
    "\nmax/std: the largest input of the layer, in standard deviations of its inputs. channel: where it is.\n"
    "only there: the part of the range that no other channel reaches; much of it is lost to all others.\n"
    "Errors: mean squared error of what the layer puts out, in percent of its mean square, with weights in int8 and\n"
    "  inputs in int8 with: one scale for all of them, fixed before; per token: a scale for each token. With that, too:\n"
    "  smoothed: after SmoothQuant, which moves range from inputs into weights; rotated: after a random rotation, which\n"
    "  spreads each channel over all; outliers FP32: channels that reach 6 are not rounded (LLM.int8).\n"
    "predicted within: no error of this layer is further than this from what was predicted of it.\n";

/// Where the range of the inputs goes.
void describe_inputs(const LayerSample& sample, LayerFacts& facts) {
  const OutlierStats stats = matrix_outliers(sample.layer, sample.x, {.absolute = kKeptFrom});
  facts.std = stats.moments.standard_deviation();
  facts.max_abs = stats.max_abs;
  facts.beyond_six = stats.share_absolute();
  const auto largest = std::max_element(stats.channel_max.begin(), stats.channel_max.end());
  facts.largest_channel = largest - stats.channel_max.begin();
  facts.other_max = 0;
  for (std::size_t j = 0; j < stats.channel_max.size(); ++j) {
    if (static_cast<std::int64_t>(j) != facts.largest_channel) {
      facts.other_max = std::max(facts.other_max, static_cast<double>(stats.channel_max[j]));
    }
  }
  std::vector<float> ranges = row_ranges(sample.x);
  std::int64_t tokens = 0;
  for (std::int64_t row = 0; row < sample.rows(); ++row) {
    const float value = sample.x.data<float>()[row * sample.channels() + facts.largest_channel];
    tokens += std::fabs(value) == ranges[static_cast<std::size_t>(row)];
  }
  facts.largest_in = static_cast<double>(tokens) / static_cast<double>(sample.rows());
  const auto middle = ranges.begin() + static_cast<std::ptrdiff_t>(ranges.size() / 2);
  std::nth_element(ranges.begin(), middle, ranges.end());
  facts.usual_range = *middle;
}

double harm_of(const LayerFacts& facts) {
  return facts.inputs.empty() ? 0 : facts.inputs.front().measured;  // of one static scale
}

template <typename Method>
void add_rows(const std::vector<MethodError<Method>>& errors, std::vector<std::vector<std::string>>& table) {
  for (const auto& error : errors) {
    table.push_back({title_of(error.method), error.is_measured() ? error_text(error.predicted) : "n/a",
                     error.is_measured() ? error_text(error.measured) : "n/a",
                     error.is_measured() ? format_change(error.predicted / error.measured - 1) : "n/a", error.note});
  }
}

}  // namespace

LayerFacts explain_layer(const LayerSample& sample) {
  LayerFacts facts;
  facts.layer = sample.layer;
  facts.rows = sample.rows();
  facts.channels = sample.channels();
  facts.outputs = sample.outputs();
  facts.smoothing_alpha = sample.alpha;
  facts.weight_kurtosis = matrix_outliers(sample.layer, sample.weight).kurtosis;
  describe_inputs(sample, facts);
  facts.inputs = study_inputs(sample, facts);
  facts.weights = study_weights(sample);
  return facts;
}

std::vector<LayerFacts> explain_layers(Gpt& model, std::span<const std::string> layers, std::span<const Window> windows,
                                       std::int64_t max_rows, ProgressSink& progress) {
  ProgressUpdate update = {.task = "explain", .unit = "layer", .rate_unit = "layers"};
  update.total = static_cast<std::int64_t>(layers.size());
  progress.update(update);
  std::vector<LayerFacts> explained;
  for (std::size_t first = 0; first < layers.size(); first += kTogether) {
    const auto some = layers.subspan(first, std::min(kTogether, layers.size() - first));
    for (const LayerSample& sample : sample_layers(model, some, windows, max_rows)) {
      update.detail = sample.layer;
      progress.update(update);
      try {
        explained.push_back(explain_layer(sample));
      } catch (const Error& error) {
        throw Error(error.kind(), fmt::format("layer \"{}\": {}", sample.layer, error.what()));
      }
      ++update.done;
    }
  }
  progress.finish(update);
  return explained;
}

std::string explanation_text(const LayerFacts& facts) {
  std::string text = fmt::format("{}: {} inputs of {} channels, {} outputs\n", facts.layer, format_integer(facts.rows),
                                 facts.channels, format_integer(facts.outputs));
  if (!facts.inputs.empty()) {
    std::vector<std::vector<std::string>> table = {
        {"int8 inputs, int8 weights", "predicted", "measured", "off by", "note"}};
    add_rows(facts.inputs, table);
    text += "\n" + align_columns(table, "<>>><");
    table = {{"weights alone", "predicted", "measured", "off by", ""}};
    add_rows(facts.weights, table);
    text += "\n" + align_columns(table, "<>>><") + kErrorLegend;
  }
  text += "\n";
  for (const LayerVerdict& verdict : verdicts(facts)) text += "- " + verdict.text + "\n";
  return text;
}

std::string explanation_table(std::span<const LayerFacts> layers) {
  std::vector<std::vector<std::string>> table = {{"layer", "max/std", "channel", "only there", "one scale", "per token",
                                                  "smoothed", "rotated", "outliers FP32", "predicted within"}};
  for (const LayerFacts& facts : layers) {
    const auto error = [&](InputMethod method) {
      for (const InputError& entry : facts.inputs) {
        if (entry.method == method && entry.is_measured()) return error_text(entry.measured);
      }
      return std::string("n/a");
    };
    table.push_back({facts.layer, format_fixed(facts.std > 0 ? facts.max_abs / facts.std : kNotMeasured, 1),
                     std::to_string(facts.largest_channel),
                     format_percent(facts.max_abs > 0 ? 1 - facts.other_max / facts.max_abs : kNotMeasured, 0),
                     error(InputMethod::fixed), error(InputMethod::token), error(InputMethod::smoothed),
                     error(InputMethod::rotated), error(InputMethod::split),
                     format_percent(worst_prediction(facts), 0)});
  }
  return align_columns(table, "<>>>>>>>>>") + kTableLegend;
}

std::string kind_of_layer(const std::string& layer) {
  const std::size_t last = layer.rfind('.');
  if (last == std::string::npos || last == 0) return layer;
  const std::size_t before = layer.rfind('.', last - 1);
  return before == std::string::npos ? layer : layer.substr(before + 1);
}

std::vector<const LayerFacts*> most_telling(std::span<const LayerFacts> layers, std::size_t count) {
  std::map<std::string, const LayerFacts*> worst;  // of each kind
  for (const LayerFacts& facts : layers) {
    const LayerFacts*& so_far = worst[kind_of_layer(facts.layer)];
    if (so_far == nullptr || harm_of(facts) > harm_of(*so_far)) so_far = &facts;
  }
  std::vector<const LayerFacts*> chosen;
  for (const auto& [kind, facts] : worst) chosen.push_back(facts);
  std::stable_sort(chosen.begin(), chosen.end(),
                   [](const LayerFacts* a, const LayerFacts* b) { return harm_of(*a) > harm_of(*b); });
  chosen.resize(std::min(chosen.size(), count));
  std::sort(chosen.begin(), chosen.end());  // addresses in one array: the order of the model
  return chosen;
}

}  // namespace octet
