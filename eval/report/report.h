#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "eval/charts/charts.h"
#include "eval/experiments/outlier_lab.h"
#include "eval/report/sections/census.h"
#include "eval/report/sections/comparisons.h"
#include "eval/report/sections/explained.h"
#include "eval/report/sections/facts.h"
#include "eval/report/sections/microscope.h"
#include "eval/report/sections/outliers.h"
#include "eval/report/sections/result.h"
#include "eval/report/sections/samples.h"
#include "eval/report/sections/seeds.h"
#include "eval/report/sections/training.h"
#include "eval/speed/machine_limits.h"

namespace octet {

// The report of a run. This struct and those of its sections (eval/report/sections/) are report.json: every visit()
// lists the keys in their order, and names, units and meaning are stable because scripts read them. A number that was
// not measured is NaN here and null there; shares and relative changes are plain ratios (0.01 = 1 %). An optional_key()
// is one that older files lack.

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
