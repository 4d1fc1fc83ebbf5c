#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/progress.h"
#include "eval/experiments/outlier_lab_config.h"
#include "eval/score/interval.h"
#include "eval/score/paired.h"
#include "eval/score/windows.h"
#include "nn/gpt.h"
#include "quant/recipe.h"

namespace octet {

// What outliers of activations do to each way of quantizing, and nothing else: a trained model gets planted ones
// (eval/outliers/inject.h) that leave its FP32 function as it is, and every recipe is applied to it as to any model.

/// One model on one strength of outliers.
struct OutlierLabRow {
  std::int64_t k = 0;  ///< the planted channels are 2^k times as large
  std::string scheme;  ///< name of the recipe, or "fp32": the planted model itself
  double perplexity = kNotMeasured;
  double ppl_increase = kNotMeasured;              ///< beside FP32, a plain ratio: 0.01 is 1 %
  double low = kNotMeasured, high = kNotMeasured;  ///< its interval
  double kl = kNotMeasured;                        ///< mean KL(FP32 || model), nats

  template <class V>
  void visit(V& v) {
    v("k", k);
    v("scheme", scheme);
    v("perplexity", perplexity, allow_nonfinite());
    v("ppl_increase", ppl_increase, allow_nonfinite());
    v("low", low, allow_nonfinite());
    v("high", high, allow_nonfinite());
    v("kl", kl, allow_nonfinite());
  }
};

struct OutlierLabScheme {
  std::string name;
  std::string description;
  bool simulated = false;  ///< computed in FP32: no integer kernel can run it

  template <class V>
  void visit(V& v) {
    v("name", name);
    v("description", description);
    v("simulated", simulated);
  }
};

/// outliers.json of a run, and a section of its report.
struct OutlierLab {
  bool fp32_bit_identical = false;  ///< all logits of the windows, for every k
  std::vector<std::string> places;  ///< where outliers were planted
  std::vector<std::int64_t> channels;
  std::vector<std::int64_t> layers;  ///< blocks; none means all
  std::int64_t windows = 0;
  std::int64_t scored_tokens = 0;
  double confidence = kNotMeasured;  ///< of low and high
  std::vector<OutlierLabScheme> schemes;
  std::vector<OutlierLabRow> rows;  ///< by k, then in the order of `schemes`

  template <class V>
  void visit(V& v) {
    v("fp32_bit_identical", fp32_bit_identical);
    v("places", places);
    v("channels", channels);
    v("layers", layers);
    v("windows", windows);
    v("scored_tokens", scored_tokens);
    v("confidence", confidence, allow_nonfinite());
    v("schemes", schemes);
    v("rows", rows);
  }
};

/// The text that the lab works on.
struct OutlierLabText {
  std::vector<Window> windows;  ///< of the test text
  /// Batches of ids of the calibration text, as a recipe wants them.
  std::function<std::vector<Tensor>(const CalibrationConfig&)> calibration;
  std::int64_t batch_tokens = 2048;  ///< that pass through a model at once
};

/// For each k plants outliers in a copy of `fp32`, applies every recipe to it and scores all on the windows, beside
/// `fp32` itself, which stays as it is. All models of one k are in memory at once, on the CPU.
///
/// Errors: (config) those of inject_outliers and of the recipes; (interrupted) after Ctrl-C, by the sink.
OutlierLab run_outlier_lab(Gpt& fp32, std::span<const Recipe> recipes, const OutlierLabConfig& config,
                           const OutlierLabText& text, const BootstrapOptions& bootstrap, ProgressSink& progress);

}  // namespace octet
