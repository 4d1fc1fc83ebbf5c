#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "eval/experiments/attribution.h"
#include "eval/experiments/outlier_lab.h"
#include "eval/microscope/matrix_view.h"
#include "eval/speed/machine_limits.h"
#include "report/charts/charts.h"
#include "report/run/sections/attribution.h"
#include "report/run/sections/census.h"
#include "report/run/sections/charts.h"
#include "report/run/sections/comparisons.h"
#include "report/run/sections/coverage.h"
#include "report/run/sections/explained.h"
#include "report/run/sections/facts.h"
#include "report/run/sections/layer_errors.h"
#include "report/run/sections/microscope.h"
#include "report/run/sections/notices.h"
#include "report/run/sections/outlier_lab.h"
#include "report/run/sections/outliers.h"
#include "report/run/sections/result.h"
#include "report/run/sections/samples.h"
#include "report/run/sections/section.h"
#include "report/run/sections/seeds.h"
#include "report/run/sections/size.h"
#include "report/run/sections/speed.h"
#include "report/run/sections/token_changes.h"
#include "report/run/sections/training.h"

namespace octet {

// The report of a run. This struct and those of its sections (report/run/sections/) are report.json: every visit()
// lists the keys in their order, and names, units and meaning are stable because scripts read them. A number that was
// not measured is NaN here and null there; shares and relative changes are plain ratios (0.01 = 1 %). An optional_key()
// is one that older files lack.

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

struct Report {
  static constexpr std::int64_t kVersion = 1;

  std::int64_t version = kVersion;
  std::string name;
  ReportCorpus corpus;
  ReportMachine machine;
  std::optional<MachineLimits> machine_limits;  ///< what the speeds are held against
  ReportProtocol protocol;
  std::vector<ReportModel> models;  ///< the first is the baseline, fp32
  std::vector<ReportComparison> comparisons;
  std::optional<ReportSeeds> seeds;  ///< where the configuration asks for several
  ReportTraining training;
  double sigma_threshold = 6, absolute_threshold = 6;
  std::vector<ReportOutliers> outliers;
  ReportCensus census;
  std::vector<ExplainedLayer> explained;  ///< few layers of the FP32 model
  std::optional<OutlierLab> outlier_lab;  ///< where the configuration asks for one
  std::vector<MatrixView> microscope;     ///< matrices of the FP32 model that are looked at
  std::string prompt;                     ///< of models[].sample, the first of `samples`
  std::uint64_t seed = 0;                 ///< of the text samples
  std::vector<ReportSample> samples;      ///< of every prompt
  std::vector<Chart> charts;              ///< pictures in charts/ beside the report
  std::vector<std::string> notices;       ///< "charts left out: gnuplot is not installed"
  ReportProvenance provenance;

  template <class V>
  void visit(V& v) {
    v("version", version, one_of(kVersion));
    v("name", name);
    v("corpus", corpus);
    v("machine", machine);
    v("machine_limits", machine_limits, optional_key());
    v("protocol", protocol);
    v("models", models);
    v("comparisons", comparisons, optional_key());
    v("seeds", seeds, optional_key());
    v("training", training);
    v("sigma_threshold", sigma_threshold, allow_nonfinite());
    v("absolute_threshold", absolute_threshold, allow_nonfinite());
    v("outliers", outliers);
    v("census", census, optional_key());
    v("explained", explained, optional_key());
    v("outlier_lab", outlier_lab, optional_key());
    v("microscope", microscope, optional_key());
    v("prompt", prompt);
    v("seed", seed);
    v("samples", samples, optional_key());  // older reports have one prompt
    v("charts", charts);
    v("notices", notices);
    v("provenance", provenance);
  }
  void validate(Problems& problems) const;
};

/// All sections, in the order in which they are measured, stand in the pages, and have their charts drawn.
inline std::span<const ReportSection> report_sections() {
  static const ReportSection sections[] = {
      notices_section(),      result_section(),        quality_section(),     comparisons_section(),
      seeds_section(),        token_changes_section(), speed_section(),       outliers_section(),
      census_section(),       explained_section(),     outlier_lab_section(), attribution_section(),
      layer_errors_section(), microscope_section(),    coverage_section(),    samples_section(),
      training_section(),     charts_section(),        facts_section(),
  };
  return sections;
}

/// Writes report.json, report.md and report.html into `folder`, each whole or not at all, all rendered before
/// the first is written. Pictures are taken from folder/charts/NAME.svg; one that is missing is left out and
/// said so. Errors: run where the folder cannot be written.
void write_report(const std::filesystem::path& folder, const Report& report);

/// Errors: input for a file that is missing, no JSON, of another version, or has a key missing, unknown or of the
/// wrong type; the message names file and key.
Report read_report(const std::filesystem::path& path);

/// The headline table for a terminal, at most about 115 columns wide.
std::string report_table(const Report& report);

/// The parts of write_report. `folder` is where the pictures are.
std::string report_to_json(const Report& report);
Report report_from_json(const std::string& text, const std::string& file_name);
std::string report_to_markdown(const Report& report);
std::string report_to_html(const Report& report, const std::filesystem::path& folder);

}  // namespace octet
