#include <algorithm>
#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "base/files/hidden_name.h"
#include "base/files/known_folder.h"
#include "base/format.h"
#include "base/json.h"
#include "cli/console.h"
#include "cli/coverage_file.h"
#include "cli/device.h"
#include "cli/given_model.h"
#include "cli/quantize_plan.h"
#include "cli/run_folder.h"
#include "cli/shared_options.h"
#include "cli/stages.h"
#include "cli/text_stage.h"
#include "cli/verbs.h"
#include "cli/version.h"
#include "nn/files/model_file.h"
#include "nn/files/model_tokenizer.h"
#include "nn/files/quantized_file.h"
#include "quant/calibrate.h"
#include "quant/text_loss.h"
#include "quant/transforms/transform.h"
#include "text/tokenizer_file.h"

namespace octet {
namespace {

struct QuantizeArguments : ConfigArguments {
  std::vector<std::string> recipes;  ///< YAML files of recipes beside those of the configuration
  bool dry_run = false;              ///< print what would be stored, and write nothing
};

/// From the calibration part of the text: nothing that is tested has been seen.
Calibration calibrate_on_text(const Run& run, const Recipe& recipe, Gpt& model, ProgressSink& progress) {
  Run copy = run;
  const RunText text = load_text(copy);
  const std::vector<Tensor> batches = calibration_batches(text, recipe.calibration, model.config().context);
  Calibration calibration = calibrate(model, batches);
  std::int64_t windows = 0;
  for (const Tensor& batch : batches) windows += batch.dim(0);
  progress.note(fmt::format("calibrated {}: {} windows of {} tokens, {} layers", recipe.name, windows,
                            recipe.calibration.context_of(model.config().context), calibration.layers.size()));
  return calibration;
}

/// What is not as the recipe says for matrices: how many tensors stay FP32, and why others differ.
void note_exceptions(const Recipe& recipe, const Coverage& coverage, ProgressSink& progress) {
  std::int64_t left = 0;
  for (const CoverageRow& row : coverage.rows) left += row.scheme == "fp32" ? 1 : 0;
  if (left > 0) {
    progress.note(fmt::format("{}: {} of {} tensors stay FP32; coverage.json says which and why", recipe.name, left,
                              coverage.rows.size()));
  }
  for (const CoverageGroup& group : group_coverage(coverage)) {
    if (group.scheme == "fp32" || group.reason.empty()) continue;
    progress.note(fmt::format("{}: {} {}: {}", recipe.name, group.tensors, group.tensors == 1 ? "tensor" : "tensors",
                              group.reason));
  }
}

constexpr std::size_t kComparedBatches = 4;

/// Says how a method that looked at the text does on it beside rounding to nearest: one that does worse is not worth
/// it.
void compare_with_nearest(const Run& run, const Recipe& recipe, Gpt& quantized, const Calibration& calibration,
                          ProgressSink& progress) {
  const auto nearest = load_model(run.best_checkpoint());
  const Recipe plain = recipe.rounded_to_nearest();
  apply_recipe(*nearest, plain, plain.needs_calibration() ? calibrate(*nearest, calibration.batches) : Calibration());
  const auto batches = std::span(calibration.batches).first(std::min(kComparedBatches, calibration.batches.size()));
  const double loss = text_loss(quantized, batches), other = text_loss(*nearest, batches);
  progress.note(loss <= other
                    ? fmt::format("{}: loss {:.4f} nats on the calibration text, {:.4f} by rounding to nearest",
                                  recipe.name, loss, other)
                    : fmt::format("{} is worse than rounding to nearest on its own calibration text: loss {:.4f} nats "
                                  "against {:.4f}",
                                  recipe.name, loss, other));
}

void quantize_one(const Run& run, const Recipe& recipe, ProgressSink& progress) {
  const auto start = std::chrono::steady_clock::now();
  std::unique_ptr<Gpt> model = load_model(run.best_checkpoint());
  Calibration calibration;  // the last one, of a model whose transforms are done
  const auto calibrator = [&](Gpt& observed) {
    observed.to(run.config.device);
    Calibration found = calibrate_on_text(run, recipe, observed, progress);
    observed.to(DeviceKind::cpu);  // where weights are transformed and rounded
    calibration = found;
    return found;
  };
  if (!recipe.transforms.empty()) {
    model = transformed(*model, recipe, calibrator);
  }
  if (recipe.needs_calibration()) {
    calibrator(*model);
  }
  const Coverage coverage = apply_recipe(*model, recipe, calibration, progress);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (!calibration.batches.empty() && (recipe.needs_inputs() || !recipe.transforms.empty())) {
    compare_with_nearest(run, recipe, *model, calibration, progress);
  }
  const Tokenizer tokenizer = load_model_tokenizer(run.best_checkpoint());
  make_folder(run.folder / "quantized");
  AtomicFolder folder(run.quantized(recipe), quantized_files());
  save_any_model(folder.path(), *model, json_text(to_json(recipe)),
                 {.tokenizer_sha256 = tokenizer_sha256(tokenizer),
                  .fp32_sha256 = weights_sha256(run.best_checkpoint()),
                  .calibration_sha256 = calibration.sha256(),
                  .made_by = program_version()});
  save_tokenizer(tokenizer, (folder.path() / kTokenizerFile).string());
  write_coverage(folder.path(), coverage, seconds);
  folder.commit();
  progress.note(fmt::format("quantized {}: {}, {:.2f} bits per weight, {}, in {}", recipe.name, recipe.describe(),
                            coverage.bits_per_weight(), format_bytes(static_cast<std::uint64_t>(coverage.bytes())),
                            format_duration(seconds)));
  note_exceptions(recipe, coverage, progress);
}

/// Names the models of recipes that the configuration no longer has.
void note_left_over(const Run& run, ProgressSink& progress) {
  std::set<std::filesystem::path> wanted;
  for (const Recipe& recipe : run.config.quantize) wanted.insert(run.quantized(recipe));
  std::error_code ignored;
  for (std::filesystem::directory_iterator entry(run.folder / "quantized", ignored), end; entry != end; ++entry) {
    const std::filesystem::path& folder = entry->path();
    const bool complete = !parse_leftover(folder.filename().string());
    if (complete && !wanted.contains(folder) && std::filesystem::exists(folder / kModelConfigFile, ignored)) {
      progress.note(fmt::format("{} is of no recipe of this run any more: nothing reads it", folder.string()));
    }
  }
}

/// Puts the recipes of files beside those of the configuration. One that is there already, word for word, is not put
/// there twice, so that the same command can be repeated.
void add_recipes(const std::vector<std::string>& files, RunConfig& config) {
  for (const std::string& file : files) {
    const Recipe recipe = read_config<Recipe>(file);
    const bool is_new = std::none_of(config.quantize.begin(), config.quantize.end(),
                                     [&](const Recipe& other) { return differences(other, recipe).empty(); });
    if (is_new) {
      config.quantize.push_back(recipe);
      override_and_check(config, "--recipe " + file);
    }
  }
}

}  // namespace

void quantize_stage(Run& run, ProgressSink& progress) {
  StopsOnInterrupt stoppable("quantize", progress);
  check_best(run);
  for (const Recipe& recipe : run.config.quantize) {
    quantize_one(run, recipe, stoppable);
  }
  note_left_over(run, stoppable);
  write_run_config(run);
}

namespace {

void quantize_verb(const CommonOptions& common, const QuantizeArguments& arguments) {
  if (arguments.dry_run) {
    Run run = read_stage_or_plan(common, arguments, Stage::quantize);
    take_given_shape(run);
    add_recipes(arguments.recipes, run.config);
    print_quantize_plan(common, run);
    return;
  }
  Run run = read_stage(common, arguments, Stage::quantize);
  add_recipes(arguments.recipes, run.config);
  use_device(run.config);
  check_run_folder(run);
  lock_run(run);
  print_start(common, run.config.device);
  const auto progress = make_progress(common);
  quantize_stage(run, *progress);
  nlohmann::json folders = nlohmann::json::array();
  std::string text;
  for (const Recipe& recipe : run.config.quantize) {
    folders.push_back(run.quantized(recipe).string());
    text += run.quantized(recipe).string() + "\n";
  }
  (common.json ? print_exactly : print)(common.json ? json_text(nlohmann::json{{"checkpoints", folders}}, 2) + "\n"
                                                    : text);
}

}  // namespace

void add_quantize(VerbList& verbs) {
  auto [options, arguments] = verbs.add("quantize", "quantize the trained model with every recipe", quantize_verb);
  add_config_arguments(options, arguments);
  add_recipe_files(options, arguments.recipes,
                   "YAML file of a recipe beside those of the configuration; may be given several times");
  options.flag("--dry-run", arguments.dry_run,
               "print how large every tensor will be and what stays FP32; needs no trained model, writes nothing");
  options.without({"--seed"});
}

}  // namespace octet
