#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/progress.h"
#include "eval/outliers/outliers.h"
#include "eval/score/interval.h"
#include "eval/score/windows.h"
#include "nn/gpt.h"
#include "report/charts/charts.h"
#include "report/run/sections/facts.h"
#include "text/tokenizer.h"

// The lab of natural outliers: one model trained again and again, each time with something else about it, and after
// each training the outliers that it grew by itself. The structs are natural-outliers.json: names and meaning are
// stable.

namespace octet {

/// What outliers have in common, and how many of them: "channel 17", 0.8.
struct OutlierShare {
  std::string name;
  double share = kNotMeasured;       ///< of the layer's values beyond the threshold
  double text_share = kNotMeasured;  ///< of tokens: of all tokens of the text, to compare with

  template <class V>
  void visit(V& v) {
    v("name", name);
    v("share", share, allow_nonfinite());
    v("text_share", text_share, allow_nonfinite());
  }
};

/// The inputs of the layer that has the largest outlier, and who carries those beyond the threshold.
struct WorstLayer {
  std::string layer;
  double max_over_std = kNotMeasured;  ///< max |x - mean| / std
  double kurtosis = kNotMeasured;      ///< 3 for normal values
  std::int64_t values = 0, beyond = 0;
  double share_first = kNotMeasured;   ///< of those beyond: at the first position of a window
  std::vector<OutlierShare> channels;  ///< the most frequent, at most kMostShares
  std::vector<OutlierShare> tokens;    ///< the tokens at whose positions they are; likewise

  static constexpr std::size_t kMostShares = 3;

  template <class V>
  void visit(V& v) {
    v("layer", layer);
    v("max_over_std", max_over_std, allow_nonfinite());
    v("kurtosis", kurtosis, allow_nonfinite());
    v("values", values);
    v("beyond", beyond);
    v("share_first", share_first, allow_nonfinite());
    v("channels", channels);
    v("tokens", tokens);
  }
};

/// What a recipe makes of the model.
struct NaturalModel {
  std::string name;
  double perplexity = kNotMeasured;
  Interval ppl_increase;  ///< against FP32 of the same training, relative

  template <class V>
  void visit(V& v) {
    v("name", name);
    v("perplexity", perplexity, allow_nonfinite());
    v("ppl_increase", ppl_increase);
  }
};

struct NaturalVariant {
  std::string name;
  std::vector<std::string> set;         ///< what is different about it: `model.qk_norm=true`
  double perplexity = kNotMeasured;     ///< of the trained model
  double mean_kurtosis = kNotMeasured;  ///< over the inputs of all layers
  WorstLayer worst;
  std::vector<NaturalModel> models;
  std::string report;  ///< the page of this run

  template <class V>
  void visit(V& v) {
    v("name", name);
    v("set", set);
    v("perplexity", perplexity, allow_nonfinite());
    v("mean_kurtosis", mean_kurtosis, allow_nonfinite());
    v("worst", worst);
    v("models", models);
    v("report", report);
  }
};

struct NaturalLab {
  static constexpr std::int64_t kVersion = 1;

  std::int64_t version = kVersion;
  std::string name;
  double threshold = kNotMeasured;         ///< standard deviations beyond which a value counts as an outlier
  double confidence = 0.95;                ///< of the intervals
  std::int64_t steps = 0, parameters = 0;  ///< of the first training, and of its model
  std::vector<NaturalVariant> variants;
  std::vector<Chart> charts;
  std::vector<std::string> notices;
  ReportProvenance provenance;

  template <class V>
  void visit(V& v) {
    v("version", version, one_of(kVersion));
    v("name", name);
    v("threshold", threshold, allow_nonfinite());
    v("confidence", confidence);
    v("steps", steps);
    v("parameters", parameters);
    v("variants", variants);
    v("charts", charts);
    v("notices", notices);
    v("provenance", provenance);
  }
};

/// Counts outliers in the inputs of all layers over the windows, and finds who carries those of the worst one. Fills
/// `worst` and `mean_kurtosis`. Errors: those of activation_outliers().
void measure_natural_outliers(NaturalVariant& variant, Gpt& fp32, const Tokenizer& tokenizer,
                              std::span<const Window> windows, const OutlierOptions& options,
                              std::int64_t batch_tokens);

/// The chart of all variants, into folder/charts. Without gnuplot there is a notice instead.
void draw_natural_lab(NaturalLab& lab, const std::filesystem::path& folder);

/// Writes natural-outliers.json, .md and .html, all rendered before the first is written.
void write_natural_lab(const std::filesystem::path& folder, const NaturalLab& lab);

/// The parts of write_natural_lab, and the table for a terminal.
std::string natural_lab_markdown(const NaturalLab& lab);
std::string natural_lab_html(const NaturalLab& lab, const std::filesystem::path& folder);
std::string natural_lab_table(const NaturalLab& lab);

}  // namespace octet
