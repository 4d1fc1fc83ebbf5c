#pragma once

#include <string>

#include "eval/score/interval.h"
#include "report/run/sections/section.h"

namespace octet {

struct Coverage;
struct ReportModel;

/// What quantization did to one layer: the error of its weights, and, where it was measured
/// (eval/experiments/attribution.h), how much the loss (nats per token) rises when this layer alone is quantized.
struct ReportLayerError {
  std::string layer;
  double mse = kNotMeasured, snr_db = kNotMeasured, max_error = kNotMeasured, delta_nll = kNotMeasured;

  template <class V>
  void visit(V& v) {
    v("layer", layer);
    v("mse", mse, allow_nonfinite());
    v("snr_db", snr_db, allow_nonfinite());
    v("max_error", max_error, allow_nonfinite());
    v("delta_nll", delta_nll, allow_nonfinite());
  }
};

/// The error of each quantized matrix.
void put_layer_errors(ReportModel& model, const Coverage& coverage);

/// The error of every layer. Draws, for recipes whose grid is symmetric, the matrix that each hurt most before and
/// after; the same rounding of the same matrix once, and of many recipes those of the largest errors.
ReportSection layer_errors_section();

}  // namespace octet
