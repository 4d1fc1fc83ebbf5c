#include "cli/coverage_file.h"

#include <nlohmann/json.hpp>

#include "base/config/config.h"
#include "base/files/atomic_file.h"
#include "base/files/read_file.h"
#include "base/json.h"
#include "nn/files/quantized_file.h"

namespace octet {

void write_coverage(const std::filesystem::path& folder, const Coverage& coverage, double seconds) {
  ReportModel model;
  put_coverage(model, coverage);
  put_layer_errors(model, coverage);
  SavedCoverage saved = {model.coverage, {}, seconds};
  for (const ReportLayerError& error : model.layer_errors) {
    saved.layer_errors.push_back({error.layer, error.mse, error.snr_db, error.max_error});
  }
  write_file_atomically(folder / "coverage.json", json_text(to_json(saved), 2) + "\n");
}

Recipe read_stored_recipe(const std::filesystem::path& folder) {
  const std::string file = (folder / kModelConfigFile).string();
  const std::string text = read_recipe_json(folder);
  if (text.empty()) {
    fail(ErrorKind::input, "{}: expected a quantized model with the recipe that made it, found none", file);
  }
  return from_input_json<Recipe>(parse_json(text, file), file + ": quantization.recipe");
}

void read_coverage(const std::filesystem::path& folder, ReportModel& model) {
  const std::filesystem::path path = folder / "coverage.json";
  SavedCoverage saved;
  try {
    saved = from_input_json<SavedCoverage>(parse_json(read_text_file(path), path.string()), path.string());
  } catch (const Error& error) {
    throw Error(error.kind(), fmt::format("{}; `octet quantize` writes it again", error.what()));
  }
  model.coverage = saved.tensors;
  model.quantize_seconds = saved.quantize_seconds;
  for (const SavedLayerError& error : saved.layer_errors) {
    model.layer_errors.push_back({error.layer, error.mse, error.snr_db, error.max_error, kNotMeasured});
  }
}

}  // namespace octet
