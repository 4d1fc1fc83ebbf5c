#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/config/config.h"
#include "base/files/folder_lock.h"
#include "base/shown_text.h"
#include "cli/arguments.h"
#include "eval/eval_config.h"
#include "nn/layers/gpt_config.h"
#include "quant/recipe.h"
#include "tensor/cuda/gemm/products.h"
#include "text/corpus.h"
#include "train/train_config.h"

namespace octet {

template <>
inline constexpr auto enum_names<DeviceKind> = std::to_array<EnumName<DeviceKind>>({{DeviceKind::cpu, "cpu"},
                                                                                    {DeviceKind::cuda, "cuda"}});

template <>
inline constexpr auto enum_names<cuda::MathMode> = std::to_array<EnumName<cuda::MathMode>>(
    {{cuda::MathMode::fp32, "fp32"}, {cuda::MathMode::tf32, "tf32"}, {cuda::MathMode::bf16, "bf16"}});

inline constexpr std::int64_t kMostSeeds = 32;

/// Everything a run needs to know: the whole YAML file.
struct RunConfig {
  std::string name = "run";             ///< of the run folder, runs/NAME
  DeviceKind device = DeviceKind::cpu;  ///< where models are trained, evaluated and timed
  /// What FP32 products of a GPU round their operands to; a CPU rounds none.
  cuda::MathMode math = cuda::MathMode::fp32;
  /// The folder of a trained model, or of a run that has one, which is taken instead of training (cli/given_model.h).
  std::string checkpoint;
  /// How often the whole run is made, each time with other random numbers (cli/seed_runs.h).
  std::int64_t seeds = 1;
  CorpusConfig corpus;
  GptConfig model;  ///< its vocabulary is what the tokenizer learns
  TrainConfig train;
  std::vector<Recipe> quantize;
  EvalConfig eval;

  template <class V>
  void visit(V& v) {
    v("name", name, not_empty());
    v("device", device);
    v("math", math);
    v("checkpoint", checkpoint);
    v("seeds", seeds, in_range(1, kMostSeeds));
    v("corpus", corpus, required());
    v("model", model);
    v("train", train);
    v("quantize", quantize);
    v("eval", eval);
  }
  void validate(Problems& problems) const;
  /// The rules between the model and the other sections. Part of validate(), unless the model is a given one, which is
  /// known later.
  void check_against_model(Problems& problems) const;
};

/// check_against_model() once the shape of the given model is known. Error (config) with the first problem; `from` is
/// where the model lies.
void check_against_given(const RunConfig& config, const std::filesystem::path& from);

/// A configuration with the folder it writes to.
struct Run {
  RunConfig config;
  std::filesystem::path folder;
  std::string verb = "octet run";              ///< what another process is told that finds the folder locked
  std::shared_ptr<FolderLock> lock = nullptr;  ///< held by every stage that writes (cli/run_folder.h)

  std::filesystem::path best_checkpoint() const { return folder / "checkpoints" / "best"; }
  /// Any name has a folder of its own, see file_name_for().
  std::filesystem::path quantized(const Recipe& recipe) const {
    return folder / "quantized" / file_name_for(recipe.name);
  }
  /// Of the training; empty where the model is a given one.
  std::filesystem::path metrics_file() const {
    return config.checkpoint.empty() ? folder / "metrics.jsonl" : std::filesystem::path();
  }
  std::filesystem::path report_file() const { return folder / "report.json"; }
  std::filesystem::path report_page() const { return folder / "report.html"; }
};

/// Reads the file, built-in configuration or run folder that was named, with overrides, --device, --math and --seed;
/// and makes out which folder to write to. The name of a built-in configuration means that one also where a file or
/// folder is called so, unless the folder is that of a run (it has a config.yaml); a note on stderr says which was
/// taken. A path with a '/' is never a built-in one. Error (config) naming all problems.
Run read_run(const CommonOptions& common, const ConfigArguments& arguments);

/// The stages of a run, in their order. Each decides a part of the configuration: training decides all of it, since
/// what comes later reads the `config.yaml` that it leaves; `quantize` and `eval` decide the section of their name.
enum class Stage { train, quantize, eval, report };

template <>
inline constexpr auto enum_names<Stage> = std::to_array<EnumName<Stage>>(
    {{Stage::train, "train"}, {Stage::quantize, "quantize"}, {Stage::eval, "eval"}, {Stage::report, "report"}});

/// The overrides of the command line, with what --device, --math and --seed mean as such. A seed is for what the stage
/// draws: training (weights, batches) and evaluation (samples).
std::vector<std::string> all_overrides(const CommonOptions& common, const ConfigArguments& arguments, Stage stage);

/// read_run for one of the stages. After training, all but the stage's own section is as `config.yaml` of the run
/// folder says, and a configuration or an override that wants it otherwise is an error (config) that lists what differs
/// and the stage that decides it. Free are `device` and `math`, and where the text lies: `corpus.path`, `corpus.name`.
/// How the text is split is compared with the checkpoint (cli/text_stage.h).
Run read_stage(const CommonOptions& common, const ConfigArguments& arguments, Stage stage);

/// The same, and before training what the configuration says: for what writes nothing.
Run read_stage_or_plan(const CommonOptions& common, const ConfigArguments& arguments, Stage stage);

/// Writes the resolved `config.yaml`, so that later stages see the overrides of earlier ones. Called once a stage has
/// accepted the configuration, so that a refused one leaves the file as it was. `train.resume` is not kept: it is an
/// order for one command, and "never" would throw away what the next one should go on from.
void write_run_config(const Run& run);

}  // namespace octet
