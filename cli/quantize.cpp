#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/format.h"
#include "base/json.h"
#include "cli/console.h"
#include "cli/coverage_file.h"
#include "cli/device.h"
#include "cli/stages.h"
#include "cli/text_stage.h"
#include "eval/calibrate.h"
#include "nn/model_file.h"
#include "nn/quantized_file.h"
#include "train/tokenizer_file.h"

namespace octet {
namespace {

/// Static scales from the calibration part of the text: nothing that is tested has been seen.
InputScales calibrated_scales(const Run& run, const Recipe& recipe, Gpt& model, ProgressSink& progress) {
  Run copy = run;
  const RunText text = load_text(copy);
  const std::int64_t context = model.config().context;
  InputScales scales = calibrate(
      model, evaluation_windows(text.tokens.calibration.runs, text.tokenizer, context, context), recipe.calibration);
  progress.note(fmt::format("calibrated {}: static scales of {} layers", recipe.name, scales.size()));
  return scales;
}

void quantize_one(const Run& run, const Recipe& recipe, ProgressSink& progress) {
  const std::unique_ptr<Gpt> model = load_model(run.best_checkpoint());
  InputScales scales;
  if (recipe.activations == Activations::static_scale) {
    model->to(run.config.device);
    scales = calibrated_scales(run, recipe, *model, progress);
    model->to(DeviceKind::cpu);  // where weights are rounded
  }
  const Coverage coverage = apply_recipe(*model, recipe, scales);
  make_folder(run.folder / "quantized");
  AtomicFolder folder(run.quantized(recipe));
  save_any_model(folder.path(), *model, json_text(to_json(recipe)));
  save_tokenizer(load_tokenizer((run.best_checkpoint() / "tokenizer.json").string()),
                 (folder.path() / "tokenizer.json").string());
  write_coverage(folder.path(), coverage);
  folder.commit();
  progress.note(fmt::format("quantized {}: {}, {:.2f} bits per weight, {}", recipe.name, recipe.describe(),
                            coverage.bits_per_weight(), format_bytes(static_cast<std::uint64_t>(coverage.bytes()))));
}

}  // namespace

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
  use_device(run.config);
  print_start(common, run.config.device);
  const auto progress = make_progress(common);
  quantize_stage(run, *progress);
  nlohmann::json folders = nlohmann::json::array();
  std::string text;
  for (const Recipe& recipe : run.config.quantize) {
    folders.push_back(run.quantized(recipe).string());
    text += run.quantized(recipe).string() + "\n";
  }
  print(common.json ? json_text(nlohmann::json{{"checkpoints", folders}}, 2) + "\n" : text);
}

}  // namespace octet
