#pragma once

#include <span>
#include <string>
#include <vector>

#include "eval/outliers/outliers.h"
#include "eval/report/report.h"
#include "eval/score/evaluator.h"
#include "eval/score/paired.h"
#include "eval/score/samples.h"
#include "eval/speed/size.h"
#include "eval/speed/speed.h"
#include "quant/apply_recipe.h"

namespace octet {

// Measurements as parts of a report.

/// Loss, accuracy and, paired against `fp32`, what quantization cost. Where the windows are too few for an interval
/// (fewer than two), its bounds stay unmeasured.
void put_evaluation(ReportModel& model, const Evaluation& evaluation, const Evaluation& fp32,
                    const BootstrapOptions& options = {});

void put_size(ReportModel& model, const ModelSize& size, const ModelSize& fp32);

/// What became of every tensor, and the error of each quantized matrix.
void put_coverage(ReportModel& model, const Coverage& coverage);

void put_speed(ReportModel& model, const SpeedResult& speed);

/// The texts of make_samples(): all of them, and those of the first prompt also with their models.
void put_samples(Report& report, std::span<const TextSample> samples);

/// Statistics of layers as rows of the report; `kind` is "weights" or "activations".
std::vector<ReportOutliers> report_outliers(std::span<const OutlierStats> stats, const std::string& kind);

/// The chart of activations by layer.
ActivationChart activation_chart(std::span<const OutlierStats> stats, const OutlierOptions& options);

/// The layer with the largest max |x - mean| / std: the one to study. Error (run) where there are none.
const OutlierStats& worst_layer(std::span<const OutlierStats> stats);

}  // namespace octet
