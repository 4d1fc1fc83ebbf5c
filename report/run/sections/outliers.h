#pragma once

#include <string>
#include <vector>

#include "eval/score/interval.h"
#include "report/run/sections/section.h"

namespace octet {

struct ActivationChart;
struct OutlierStats;

/// Outliers among one layer's weights or activations, by the two rules of Report.
struct ReportOutliers {
  std::string layer;
  std::string kind;  ///< "weights" or "activations"
  double std = kNotMeasured, max_abs = kNotMeasured, max_over_std = kNotMeasured;
  double share_sigma = kNotMeasured, share_absolute = kNotMeasured;

  template <class V>
  void visit(V& v) {
    v("layer", layer);
    v("kind", kind);
    v("std", std, allow_nonfinite());
    v("max_abs", max_abs, allow_nonfinite());
    v("max_over_std", max_over_std, allow_nonfinite());
    v("share_sigma", share_sigma, allow_nonfinite());
    v("share_absolute", share_absolute, allow_nonfinite());
  }
};

/// Statistics of layers as rows of the report; `kind` is "weights" or "activations".
std::vector<ReportOutliers> report_outliers(std::span<const OutlierStats> stats, const std::string& kind);

/// The chart of activations by layer.
ActivationChart activation_chart(const Report& report);

/// The layer whose inputs have the largest max |x - mean| / std: the one to study. Error (input) where there are none.
const ReportOutliers& worst_activations(const Report& report);

/// Counts outliers among the activations and among the weights of the FP32 model. A table of all layers. Draws what the
/// worst activations do to a grid, and outliers layer by layer.
ReportSection outliers_section();

}  // namespace octet
