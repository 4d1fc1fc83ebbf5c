#include "cli/coverage_file.h"

#include <nlohmann/json.hpp>

#include "base/config.h"
#include "base/file.h"
#include "eval/report_parts.h"

namespace octet {

void write_coverage(const std::filesystem::path& folder, const Coverage& coverage) {
  ReportModel model;
  put_coverage(model, coverage);
  SavedCoverage saved = {model.coverage, {}};
  for (const ReportLayerError& error : model.layer_errors) {
    saved.layer_errors.push_back({error.layer, error.mse, error.snr_db, error.max_error});
  }
  write_file_atomically(folder / "coverage.json", to_json(saved).dump(2) + "\n");
}

void read_coverage(const std::filesystem::path& folder, ReportModel& model) {
  const std::filesystem::path path = folder / "coverage.json";
  const nlohmann::json json = nlohmann::json::parse(read_text_file(path), nullptr, false);
  if (json.is_discarded()) {
    fail(ErrorKind::input, "{}: expected JSON; `octet quantize` writes it again", path.string());
  }
  const auto saved = from_json<SavedCoverage>(json, path.string());
  model.coverage = saved.tensors;
  for (const SavedLayerError& error : saved.layer_errors) {
    model.layer_errors.push_back({error.layer, error.mse, error.snr_db, error.max_error, kNotMeasured});
  }
}

}  // namespace octet
