#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/format.h"
#include "cli/console.h"
#include "cli/coverage_file.h"
#include "cli/stages.h"
#include "nn/model_file.h"
#include "nn/quantized_file.h"
#include "train/tokenizer_file.h"

namespace octet {
namespace {

void quantize_one(const Run& run, const Recipe& recipe, ProgressSink& progress) {
  const std::unique_ptr<Gpt> model = load_model(run.best_checkpoint());
  const Coverage coverage = apply_recipe(*model, recipe);
  make_folder(run.folder / "quantized");
  AtomicFolder folder(run.quantized(recipe));
  save_any_model(folder.path(), *model, to_json(recipe).dump());
  save_tokenizer(load_tokenizer((run.best_checkpoint() / "tokenizer.json").string()),
                 (folder.path() / "tokenizer.json").string());
  write_coverage(folder.path(), coverage);
  folder.commit();
  progress.note(fmt::format("quantized {}: {}, {:.2f} bits per weight, {}", recipe.name, recipe.describe(),
                            coverage.bits_per_weight(), format_bytes(static_cast<std::uint64_t>(coverage.bytes()))));
}

}  // namespace

void check_recipes(const RunConfig& config) {
  for (const Recipe& recipe : config.quantize) {
    Gpt model(config.model);
    apply_recipe(model, recipe);
  }
}

void quantize_stage(Run& run, ProgressSink& progress) {
  StopsOnInterrupt stoppable("quantize", progress);
  for (const Recipe& recipe : run.config.quantize) {
    quantize_one(run, recipe, stoppable);
  }
  Run stored = {stored_config(run), run.folder};
  stored.config.quantize = run.config.quantize;
  write_run_config(stored);
}

void quantize_verb(const CommonOptions& common, const ConfigArguments& arguments) {
  Run run = read_run(common, arguments);
  print_start(common);
  const auto progress = make_progress(common);
  quantize_stage(run, *progress);
  nlohmann::json folders = nlohmann::json::array();
  std::string text;
  for (const Recipe& recipe : run.config.quantize) {
    folders.push_back(run.quantized(recipe).string());
    text += run.quantized(recipe).string() + "\n";
  }
  print(common.json ? nlohmann::json{{"checkpoints", folders}}.dump(2) + "\n" : text);
}

}  // namespace octet
