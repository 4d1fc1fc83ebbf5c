#pragma once

#include <cstdint>

#include "eval/score/interval.h"
#include "report/run/sections/section.h"

namespace octet {

struct TokenChanges;

/// What a model changed beside FP32, token by token (eval/score/token_changes.h). dp is the change of the probability
/// of the token that really follows.
struct ReportTokenChanges {
  double rms_dp = kNotMeasured;
  double dp_p01 = kNotMeasured, dp_p05 = kNotMeasured, dp_p50 = kNotMeasured, dp_p95 = kNotMeasured,
         dp_p99 = kNotMeasured;
  std::int64_t lost = 0;    ///< FP32 was right and the model is wrong
  std::int64_t gained = 0;  ///< the reverse
  Interval accuracy_change;

  template <class V>
  void visit(V& v) {
    v("rms_dp", rms_dp, allow_nonfinite());
    v("dp_p01", dp_p01, allow_nonfinite());
    v("dp_p05", dp_p05, allow_nonfinite());
    v("dp_p50", dp_p50, allow_nonfinite());
    v("dp_p95", dp_p95, allow_nonfinite());
    v("dp_p99", dp_p99, allow_nonfinite());
    v("lost", lost);
    v("gained", gained);
    v("accuracy_change", accuracy_change);
  }
};

void put_token_changes(ReportTokenChanges& report, const TokenChanges& changes, double confidence);

/// A row for each quantized model: KL from the median to the largest, how far probabilities moved, and which first
/// choices became wrong or right.
ReportSection token_changes_section();

}  // namespace octet
