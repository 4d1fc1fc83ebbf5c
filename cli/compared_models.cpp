#include "cli/compared_models.h"

#include <fmt/ranges.h>

#include "cli/coverage_file.h"
#include "nn/files/model_file.h"
#include "nn/files/quantized_file.h"

namespace octet {
namespace fs = std::filesystem;

namespace {

/// Error (input) unless the quantized model was made from the checkpoint at hand, by the recipe at hand. After another
/// training, or with another recipe, it would be compared with what it does not belong to.
void check_made_from(const Run& run, const Recipe& recipe) {
  const fs::path folder = run.quantized(recipe);
  const std::string expected = weights_sha256(run.best_checkpoint());
  const std::string found = read_model_ties(folder).fp32_sha256;
  if (found != expected) {
    fail(ErrorKind::input,
         "{}: expected a model made from {} with weights of SHA-256 {}, got one made from {}; quantize again: octet "
         "quantize {}",
         folder.string(), run.best_checkpoint().string(), expected, found.empty() ? "unknown ones" : found,
         run.folder.string());
  }
  const std::vector<std::string> different = differences(read_stored_recipe(folder), recipe);
  if (!different.empty()) {
    fail(ErrorKind::input,
         "{}: expected a model made by this recipe, got another (there -> here): {}; quantize again: "
         "octet quantize {}",
         folder.string(), fmt::join(different, ", "), run.folder.string());
  }
}

}  // namespace

void ComparedModels::load(const std::string& name, const fs::path& folder, DeviceKind device) {
  folders.push_back(folder);
  owned.push_back(load_any_model(folder));
  owned.back()->to(device);
  named.push_back({name, owned.back().get()});
}

ComparedModels load_models(const Run& run) {
  ComparedModels models;
  models.load("fp32", run.best_checkpoint(), run.config.device);
  for (const Recipe& recipe : run.config.quantize) {
    check_made_from(run, recipe);
    models.load(recipe.name, run.quantized(recipe), run.config.device);
  }
  return models;
}

}  // namespace octet
