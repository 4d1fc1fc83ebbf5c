#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/config/rules.h"
#include "eval/outliers/outlier_impact.h"
#include "eval/score/interval.h"
#include "report/charts/gnuplot.h"

namespace octet {

struct MatrixView;  // eval/microscope/matrix_view.h

/// A chart that was drawn. `name` is the stem of NAME.svg, of the script NAME.gp that drew it (run
/// `gnuplot NAME.gp` in the folder to draw it again) and of its numbers NAME.dat.
struct Chart {
  std::string name;
  std::string title;         ///< the message of the chart
  std::string caption;       ///< teaches what one sees
  std::string section = {};  ///< of the report that it belongs to (ReportSection::id)

  template <class V>
  void visit(V& v) {
    v("name", name);
    v("title", title);
    v("caption", caption);
    v("section", section, optional_key());
  }
};

// Every draw_ function creates `folder` if need be, writes NAME.dat and NAME.gp, runs gnuplot and
// checks NAME.svg. Errors: capability where gnuplot is missing (nothing is written then); run where
// the input has no values or gnuplot fails.

/// One matrix under the microscope, in six panels: its weights over a grid, the levels that they use, the ranges of its
/// channels; the error against the clip, the cells of formats of 4 bits, formats above Shannon's line.
Chart draw_matrix_chart(const std::filesystem::path& folder, const std::string& name, const MatrixView& view);

/// One layer's weights before and after quantization, and the difference.
struct WeightChart {
  std::string layer;              ///< dotted name
  std::string scheme;             ///< "int4, groups of 64"
  std::span<const float> before;  ///< W
  std::span<const float> after;   ///< dequantize(quantize(W)), same size
  double scale = 0;               ///< the step between two levels (of a typical row or group)
  int bits = 8;
};
/// Three panels: W, the dequantized W with the levels of the grid, and the error (after - before)
/// with MSE and SNR = 10 log10(sum W^2 / sum error^2).
Chart draw_weight_chart(const std::filesystem::path& folder, const std::string& name, const WeightChart& chart);

/// What the model loses when the inputs of all its layers lie on such grids.
struct OutlierCost {
  int bits = 4;
  std::vector<Interval> ppl_increase;  ///< one for each panel
};
/// What a few outliers do to a grid, and how clipping and scales per token or channel repair it.
struct OutlierChart {
  std::string layer;
  int bits = 4;
  std::vector<GridPanel> panels;   ///< one for each of kInputGrids
  std::vector<OutlierCost> costs;  ///< where they were measured
  std::int64_t scored_tokens = 0;  ///< of that
  double confidence = 0.95;        ///< of their intervals
};
/// A column for each panel; above, the values with the levels of the grid; below, how many values each level got, with
/// SNR and perplexity.
Chart draw_outlier_chart(const std::filesystem::path& folder, const std::string& name, const OutlierChart& chart);
/// The chart of a study; refers to the tensors there.
OutlierChart outlier_chart(const OutlierImpact& impact);

struct TrainingStep {
  double step = 0, loss = 0, learning_rate = 0;
};
struct HeldOutPoint {
  double step = 0, loss = 0;
};
struct TrainingChart {
  std::vector<TrainingStep> steps;
  std::vector<HeldOutPoint> held_out;  ///< its minimum is marked; where none is finite, only the training is drawn
};
/// Losses in nats per token above, the learning rate below.
Chart draw_training_chart(const std::filesystem::path& folder, const std::string& name, const TrainingChart& chart);

struct TradeoffPoint {
  std::string label;
  double size_mb = 0, bits_per_weight = 0;
  double perplexity = 0;
  double low = 0, high = 0;  ///< its interval; equal to the perplexity for the baseline
};
/// Perplexity against file size. The first point is the baseline that the others are compared to; `confidence` is that
/// of their intervals (0.95: 95 %).
Chart draw_tradeoff_chart(const std::filesystem::path& folder, const std::string& name,
                          const std::vector<TradeoffPoint>& points, double confidence);

/// Models of several runs.
struct RunPoint {
  std::string label;
  double size_mb = 0;
  double quality = 0;  ///< perplexity, or what RunsChart::relative says
};
struct RunSeries {
  std::string run;
  std::vector<RunPoint> models;
};
struct RunsChart {
  bool relative = false;  ///< quality is the change of perplexity against FP32 of the same run, in percent
  std::vector<RunSeries> runs;
};
/// Quality against file size, a colour and a mark for each run. Points have numbers, which a list beside the chart
/// explains; one far above the others is drawn at the upper edge with an arrow.
Chart draw_runs_chart(const std::filesystem::path& folder, const std::string& name, const RunsChart& chart);

/// One model under several seeds. Changes are relative, against FP32 of the same seed: 0.01 = 1 %.
struct SeedsPoint {
  std::string label;
  double low = 0, high = 0;   ///< the interval over the test text of the first seed
  std::vector<double> seeds;  ///< the change of each
};
struct SeedsChart {
  double confidence = 0.95;  ///< of the intervals
  std::vector<SeedsPoint> models;
};
/// A row for each model: its seeds as dots upon the interval of the text. What lies far beyond the others is drawn at
/// the right edge with its value.
Chart draw_seeds_chart(const std::filesystem::path& folder, const std::string& name, const SeedsChart& chart);

struct FormatPoint {
  std::string label;
  double bits_per_weight = 0;
  double relative_mse = 0;  ///< on numbers of a normal distribution
};
/// Relative MSE (log scale) against bits per weight, above Shannon's line 4^-R. Points have numbers, which a list
/// beside the chart explains: 1 is the first. Where some take many bits, the others have the chart, and a small one
/// within it shows all. Points without a positive error are left out.
Chart draw_format_chart(const std::filesystem::path& folder, const std::string& name,
                        const std::vector<FormatPoint>& points);

struct LayerOutliers {
  std::string layer;
  double max_over_std = 0;    ///< max |x - mean| / std
  double share_sigma = 0;     ///< share of values beyond `sigma_threshold` standard deviations, 0.01 = 1 %
  double share_absolute = 0;  ///< share of values with |x| >= `absolute_threshold`
};
struct ActivationChart {
  double sigma_threshold = 6, absolute_threshold = 6;
  std::vector<LayerOutliers> layers;
};
Chart draw_activation_chart(const std::filesystem::path& folder, const std::string& name, const ActivationChart& chart);

/// Channels of the inputs of layers.
struct CensusRow {
  std::string layer;
  std::vector<double> max_over_std;  ///< max |x| of each channel / standard deviation of the layer's input
};
struct CensusPanel {
  std::string title;  ///< what the channels are
  std::vector<CensusRow> rows;
};
struct CensusChart {
  std::int64_t systematic_channels = 0;  ///< of the residual stream, for the title
  std::vector<CensusPanel> panels;       ///< layers whose channels are of one kind
};
/// A map for each panel: a row for each layer, a column for each channel, a colour for each doubling.
Chart draw_census_chart(const std::filesystem::path& folder, const std::string& name, const CensusChart& chart);

/// What one scheme loses as planted outliers grow.
struct OutlierSweep {
  std::string scheme;
  std::vector<double> increase;  ///< of perplexity beside FP32, 0.01 = 1 %: one for each exponent
};
struct OutlierLabChart {
  std::vector<std::int64_t> exponents;  ///< k of the factors 2^k
  std::vector<OutlierSweep> sweeps;
};
/// Perplexity above FP32 in percent (log scale) against k, a line for each scheme.
Chart draw_outlier_lab_chart(const std::filesystem::path& folder, const std::string& name,
                             const OutlierLabChart& chart);

/// What each layer of a model costs when it alone is quantized.
struct AttributionBars {
  std::string model;
  std::vector<double> cost;  ///< nats per token, one for each layer; NaN: not quantized
};
struct AttributionChart {
  std::vector<std::string> layers;
  std::vector<AttributionBars> models;  ///< four at most
};
/// Bars side by side for each layer.
Chart draw_attribution_chart(const std::filesystem::path& folder, const std::string& name,
                             const AttributionChart& chart);

struct SpeedPoint {
  std::string label;
  double prefill_tokens_per_s = 0, decode_tokens_per_s = 0;
};
/// Tokens per second relative to the first point, the FP32 baseline.
Chart draw_speed_chart(const std::filesystem::path& folder, const std::string& name,
                       const std::vector<SpeedPoint>& points);

/// What one training grew.
struct NaturalPoint {
  std::string label;
  double max_over_std = 0, kurtosis = 0;  ///< of the inputs of its worst layer
  std::vector<double> increase;           ///< of perplexity by each recipe, 0.01 = 1 %
};
struct NaturalChart {
  std::vector<std::string> models;  ///< recipes, at most four
  std::vector<NaturalPoint> variants;
};
/// Bars for each training: its largest outlier, its kurtosis, and what the recipes cost it.
Chart draw_natural_chart(const std::filesystem::path& folder, const std::string& name, const NaturalChart& chart);

/// What a model reached in one task.
struct RooflinePoint {
  std::string label;
  double operations_per_byte = 0;
  double gops = 0;      ///< 1e9 operations per second
  bool decode = false;  ///< else prefill
};
struct RooflineChart {
  double peak_fp32_gflops = 0, peak_int8_gops = 0, read_gbps = 0;  ///< of the machine
  std::vector<RooflinePoint> points;
};
/// Operations per second against operations per byte, both on logarithmic scales, below what the machine can do.
Chart draw_roofline_chart(const std::filesystem::path& folder, const std::string& name, const RooflineChart& chart);

/// What a model loses on the text of one source, in nats per symbol.
struct EntropyPoint {
  std::string label;
  double excess = 0;  ///< above the entropy of the source; that of the first point is the error of the trained model
};
struct EntropyPanel {
  std::string source;
  double entropy = 0;  ///< nats per symbol: the floor
  std::vector<EntropyPoint> points;
};
/// A column for each source. Above, bars that stand on the entropy of the source: first what the trained model loses,
/// upon it what rounding adds. Below, both on a logarithmic scale.
Chart draw_entropy_chart(const std::filesystem::path& folder, const std::string& name,
                         const std::vector<EntropyPanel>& panels);

}  // namespace octet
