#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "quant/apply_recipe.h"
#include "report/run/report.h"

namespace octet {

/// What rounding did to the values of one matrix.
struct SavedLayerError {
  std::string layer;
  double mse = 0, snr_db = 0, max_error = 0;

  template <class V>
  void visit(V& v) {
    v("layer", layer);
    v("mse", mse);
    v("snr_db", snr_db);
    v("max_error", max_error);
  }
};

/// `coverage.json` in the folder of a quantized model: the scheme of every tensor, and what it did to the matrices.
struct SavedCoverage {
  std::vector<ReportTensor> tensors;
  std::vector<SavedLayerError> layer_errors;
  double quantize_seconds = kNotMeasured;

  template <class V>
  void visit(V& v) {
    v("tensors", tensors);
    v("layer_errors", layer_errors);
    v("quantize_seconds", quantize_seconds, optional_key(), allow_nonfinite());
  }
};

/// `seconds`: what it took to make the model.
void write_coverage(const std::filesystem::path& folder, const Coverage& coverage, double seconds);

/// The recipe that made the quantized model in `folder`, as its config.json tells. Error (input) where there is none.
Recipe read_stored_recipe(const std::filesystem::path& folder);

/// Fills the coverage and layer errors of `model`. Error (input) where the file is missing or broken.
void read_coverage(const std::filesystem::path& folder, ReportModel& model);

}  // namespace octet
