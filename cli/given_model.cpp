#include "cli/given_model.h"

#include <optional>
#include <system_error>

#include <fmt/ranges.h>

#include "base/files/missing.h"
#include "cli/check_run.h"
#include "cli/model_folder.h"
#include "cli/run_folder.h"
#include "cli/text_stage.h"
#include "nn/files/model_file.h"
#include "train/checkpoint.h"

namespace octet {
namespace fs = std::filesystem;

namespace {

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

/// What is known of the training of the given model: nothing of an imported one.
std::optional<TrainerState> known_training(const fs::path& folder) {
  return is_there(folder / "trainer.json") ? std::optional(read_trainer_state(folder)) : std::nullopt;
}

TrainerState state_of(const Run& run, const RunText& text, const fs::path& folder, ProgressSink& progress) {
  const std::optional<TrainerState> known = known_training(folder);
  const SplitRecord split = record_split(run.config.corpus, text.corpus);
  const bool same_text = known && known->corpus_sha256 == text.corpus.sha256;
  if (same_text) {
    check_same_split(folder, known->split, split);
  } else {
    progress.note(
        fmt::format("note: {} was not trained on this text, as far as is known; whether it has seen the test "
                    "part elsewhere nobody can tell",
                    run.config.checkpoint));
  }
  TrainerState state = same_text ? *known : TrainerState();
  state.corpus_sha256 = text.corpus.sha256;
  state.split = split;
  return state;
}

/// Error (input) where the run has a model that is not the given one, or split the text in another way.
void check_same_model(const Run& run, const fs::path& folder, const TrainerState& state) {
  const fs::path best = run.best_checkpoint();
  if (!is_there(best)) {
    return;
  }
  const std::string there = weights_sha256(best), given = weights_sha256(folder);
  if (there != given) {
    fail(ErrorKind::input,
         "{}: expected the weights of {}, of SHA-256 {}, got others, {}; choose another run folder with --out",
         best.string(), folder.string(), given, there);
  }
  check_same_split(best, read_trainer_state(best).split, state.split);
}

}  // namespace

fs::path given_folder(const Run& run) {
  const std::string& named = run.config.checkpoint;
  if (is_there(named)) {
    CommonOptions quiet;
    quiet.quiet = true;
    const fs::path folder = model_folder(quiet, named);
    if (std::error_code ignored; fs::equivalent(folder, run.best_checkpoint(), ignored)) {
      fail(ErrorKind::config, "checkpoint: expected a model of another run, got {}, which is in the run folder itself",
           folder.string());
    }
    return folder;
  }
  if (is_there(run.best_checkpoint())) {
    return run.best_checkpoint();
  }
  fail_missing(ErrorKind::config, "checkpoint: " + named, "the folder of a model or of a run",
               "; octet train makes a run, octet import a model");
}

void take_given_shape(Run& run) {
  if (run.config.checkpoint.empty()) {
    return;
  }
  const fs::path folder = given_folder(run);
  const ModelDescription description = read_model_description(folder);
  if (!description.quantization.empty()) {
    fail(
        ErrorKind::config,
        "checkpoint: expected a model in FP32 (of a GGUF file by octet import --fp32), got {}, whose layers are quantized",
        folder.string());
  }
  const std::vector<std::string> different = differences(run.config.model, description.config);
  if (!different.empty() && !differences(run.config.model, GptConfig()).empty()) {
    fail(
        ErrorKind::config,
        "model: expected nothing, or the shape of {}, which the run takes as `checkpoint`, got another (here -> there): "
        "{}",
        folder.string(), fmt::join(different, ", "));
  }
  run.config.model = description.config;
  check_against_given(run.config, folder);
}

void take_given_model(Run& run, ProgressSink& progress) {
  take_given_shape(run);
  const fs::path folder = given_folder(run);
  const RunText text = text_for_model(run, folder, progress);
  check_text(run, text);
  const TrainerState state = state_of(run, text, folder, progress);
  check_same_model(run, folder, state);
  if (!is_there(run.best_checkpoint())) {
    load_model(folder);  // a damaged one would stay in the run for ever
  }
  lock_run(run);
  if (!is_there(run.best_checkpoint())) {
    adopt_checkpoint(folder, run.best_checkpoint(), state);
  }
  write_run_config(run);
  progress.note(fmt::format("{} is the trained model", folder.string()));
}

}  // namespace octet
