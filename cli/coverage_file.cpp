#include "cli/coverage_file.h"

#include <nlohmann/json.hpp>

#include "base/config.h"
#include "base/file.h"

namespace octet {

void write_coverage(const std::filesystem::path& folder, const Coverage& coverage) {
  SavedCoverage saved;
  for (const CoverageRow& row : coverage.rows) {
    saved.tensors.push_back({row.path, row.scheme, row.reason, row.shape.elements(), row.bytes});
    if (row.error.mse > 0.0) {
      saved.layer_errors.push_back({row.path, row.error.mse, row.error.snr_db, row.error.max_abs});
    }
  }
  write_file_atomically(folder / "coverage.json", to_json(saved).dump(2) + "\n");
}

void put_coverage(ReportModel& model, const std::filesystem::path& folder) {
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
