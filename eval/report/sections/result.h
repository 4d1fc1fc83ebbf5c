#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "eval/experiments/attribution.h"
#include "eval/report/sections/coverage.h"
#include "eval/report/sections/layer_errors.h"
#include "eval/report/sections/section.h"
#include "eval/report/sections/size.h"
#include "eval/report/sections/speed.h"
#include "eval/report/sections/token_changes.h"
#include "eval/score/interval.h"

namespace octet {

class ProgressSink;
struct BootstrapOptions;
struct EvalConfig;
struct Evaluation;
struct NamedModel;
struct Window;

/// KL(FP32 || model) over the scored tokens, in nats.
struct ReportDivergence {
  double mean = kNotMeasured, p99 = kNotMeasured, max = kNotMeasured;
  double p50 = kNotMeasured, p999 = kNotMeasured;  ///< the median, and 99.9 %

  template <class V>
  void visit(V& v) {
    v("mean", mean, allow_nonfinite());
    v("p99", p99, allow_nonfinite());
    v("max", max, allow_nonfinite());
    v("p50", p50, allow_nonfinite(), optional_key());
    v("p999", p999, allow_nonfinite(), optional_key());
  }
};

/// All that is known of one model.
struct ReportModel {
  std::string name;
  std::string description;  ///< what the recipe does, in a sentence
  double bits_per_weight = kNotMeasured;
  std::int64_t file_bytes = 0;
  double size_ratio = kNotMeasured;  ///< file_bytes relative to FP32
  double nll = kNotMeasured;         ///< mean negative log likelihood, nats per token
  double perplexity = kNotMeasured;
  double bits_per_byte = kNotMeasured;
  double accuracy = kNotMeasured;  ///< share of tokens that the model's first choice predicts
  Interval delta_nll;              ///< paired against fp32, bootstrap over windows, of protocol.confidence
  Interval ppl_increase;           ///< relative
  ReportDivergence kl_divergence;
  ReportTokenChanges token_changes;
  double top1_agreement = kNotMeasured;  ///< share of tokens where the first choice is FP32's
  double prefill_tokens_per_s = kNotMeasured, decode_tokens_per_s = kNotMeasured;
  double prefill_speedup = kNotMeasured, decode_speedup = kNotMeasured;  ///< relative to FP32
  ReportRoofs roofs;
  std::string sample;  ///< what it wrote after Report::prompt
  ReportSize size;
  std::vector<ReportTensor> coverage;
  std::vector<ReportLayerError> layer_errors;
  Attribution attribution;  ///< where the configuration asks for it; no layers: not measured
  double quantize_seconds = kNotMeasured;
  std::string weights_sha256;  ///< of its model.safetensors: the report is drawn again from these weights alone

  template <class V>
  void visit(V& v) {
    v("name", name);
    v("description", description);
    v("bits_per_weight", bits_per_weight, allow_nonfinite());
    v("file_bytes", file_bytes);
    v("size_ratio", size_ratio, allow_nonfinite());
    v("nll", nll, allow_nonfinite());
    v("perplexity", perplexity, allow_nonfinite());
    v("bits_per_byte", bits_per_byte, allow_nonfinite());
    v("accuracy", accuracy, allow_nonfinite());
    v("delta_nll", delta_nll);
    v("ppl_increase", ppl_increase);
    v("kl_divergence", kl_divergence);
    v("token_changes", token_changes, optional_key());
    v("top1_agreement", top1_agreement, allow_nonfinite());
    v("prefill_tokens_per_s", prefill_tokens_per_s, allow_nonfinite());
    v("decode_tokens_per_s", decode_tokens_per_s, allow_nonfinite());
    v("prefill_speedup", prefill_speedup, allow_nonfinite());
    v("decode_speedup", decode_speedup, allow_nonfinite());
    v("roofs", roofs, optional_key());
    v("sample", sample);
    v("size", size);
    v("coverage", coverage);
    v("layer_errors", layer_errors);
    v("attribution", attribution, optional_key());
    v("quantize_seconds", quantize_seconds, optional_key(), allow_nonfinite());
    v("weights_sha256", weights_sha256, optional_key());
  }
};

/// Scores all models on the windows, the first as the reference, and says by which protocol.
void measure_result(Report& report, std::span<const NamedModel> models, std::span<const Window> windows,
                    const EvalConfig& config, ProgressSink& progress);

/// Loss, accuracy and, paired against `fp32`, what quantization cost. Where the windows are too few for an interval
/// (fewer than two), its bounds stay unmeasured.
void put_evaluation(ReportModel& model, const Evaluation& evaluation, const Evaluation& fp32,
                    const BootstrapOptions& options);

/// What came out, the first screen: the numbers that people ask for first, and the verdict.
ReportSection result_section();

/// The other numbers. Draws perplexity against size.
ReportSection quality_section();

}  // namespace octet
