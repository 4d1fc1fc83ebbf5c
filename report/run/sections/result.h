#pragma once

#include "eval/score/interval.h"
#include "report/run/sections/section.h"

namespace octet {

struct BootstrapOptions;
struct Evaluation;
struct ReportModel;

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

/// Loss, accuracy and, paired against `fp32`, what quantization cost. Where the windows are too few for an interval
/// (fewer than two), its bounds stay unmeasured.
void put_evaluation(ReportModel& model, const Evaluation& evaluation, const Evaluation& fp32,
                    const BootstrapOptions& options);

/// What came out, the first screen: the numbers that people ask for first, and the verdict. Measures them: scores all
/// models on the windows, and the bytes of their files.
ReportSection result_section();

/// The other numbers. Draws perplexity against size.
ReportSection quality_section();

}  // namespace octet
