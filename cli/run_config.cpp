#include "cli/run_config.h"

#include <algorithm>
#include <system_error>

#include <fmt/ranges.h>

#include "base/files/atomic_file.h"
#include "base/files/missing.h"
#include "base/nearest.h"
#include "cli/builtin_configs.h"
#include "cli/config_source.h"
#include "cli/lab_folder.h"
#include "cli/stored_config.h"

namespace octet {
namespace fs = std::filesystem;

namespace {

/// Whether a file reads as a recipe that says more than a name.
bool is_recipe(const std::string& path) {
  try {
    Recipe recipe = read_config<Recipe>(path);
    recipe.name = Recipe().name;
    return !differences(recipe, Recipe()).empty();
  } catch (const Error&) {
    return false;
  }
}

RunConfig read_stored(const fs::path& file, const std::vector<std::string>& overrides = {}) {
  check_whole_config(file);
  return read_config<RunConfig>(file.string(), overrides);
}

RunConfig read_source(const ConfigSource& source, const std::vector<std::string>& overrides) {
  refuse_lab(source);
  if (source.builtin != nullptr) {
    return parse_config<RunConfig>(*source.builtin, "built-in " + source.name, overrides);
  }
  if (source.is_run) {
    return read_stored(fs::path(source.name) / "config.yaml", overrides);
  }
  std::error_code ignored;
  if (fs::is_directory(source.name, ignored)) {
    fail(ErrorKind::config, "{}: expected the folder of a run, found no config.yaml in it", source.name);
  }
  if (fs::exists(source.name, ignored)) {
    if (fs::is_regular_file(source.name, ignored) && is_recipe(source.name)) {  // a pipe can be read once
      fail(
          ErrorKind::config,
          "{0}: this is a recipe, not the configuration of a run; it belongs into a list quantize: of one, or to octet "
          "quantize CONFIG --recipe {0}",
          source.name);
    }
    return read_config<RunConfig>(source.name, overrides);
  }
  const auto near = nearest_name(source.name, names_of_configs());
  fail_missing(ErrorKind::config, source.name, "a YAML file, a run folder or a built-in configuration",
               fmt::format("{} (built in: {})", near ? ", did you mean \"" + *near + "\"?" : "",
                           fmt::join(names_of_configs(), ", ")));
}

}  // namespace

std::vector<std::string> all_overrides(const CommonOptions& common, const ConfigArguments& arguments, Stage stage) {
  std::vector<std::string> overrides = arguments.overrides;
  if (!common.device.empty()) {
    overrides.push_back("device=" + common.device);
  }
  if (!common.math.empty()) {
    overrides.push_back("math=" + common.math);
  }
  if (common.seed && stage == Stage::train) {
    overrides.push_back(fmt::format("train.seed={}", *common.seed));
  }
  if (common.seed && (stage == Stage::train || stage == Stage::eval)) {
    overrides.push_back(fmt::format("eval.sampling.seed={}", *common.seed));
  }
  return overrides;
}

namespace {

Run read_with_overrides(const CommonOptions& common, const ConfigArguments& arguments, Stage stage) {
  const ConfigSource source = find_config_source(arguments.config);
  note_source(common, source);
  Run run = {read_source(source, all_overrides(common, arguments, stage)), {}};
  run.folder = output_folder(common, source, run.config.name);
  return run;
}

fs::path config_file(const Run& run) {
  return run.folder / "config.yaml";
}

/// `config` with the parts of `from` that this stage decides or is free in.
RunConfig take_own_parts(RunConfig config, const RunConfig& from, Stage stage) {
  config.device = from.device;
  config.math = from.math;
  if (stage == Stage::report) {
    config.corpus.path = from.corpus.path;
    config.corpus.name = from.corpus.name;
  } else {
    config.corpus = from.corpus;  // compared with the checkpoint by those who split the text
  }
  if (stage == Stage::quantize) {
    config.quantize = from.quantize;
  } else if (stage == Stage::eval) {
    config.eval = from.eval;
  }
  return config;
}

/// The verb that decides a key.
std::string_view stage_of(std::string_view key) {
  if (key.starts_with("seeds")) return "octet run";
  return key.starts_with("quantize") ? "octet quantize" : key.starts_with("eval") ? "octet eval" : "octet train";
}

}  // namespace

Run read_run(const CommonOptions& common, const ConfigArguments& arguments) {
  return read_with_overrides(common, arguments, Stage::train);
}

namespace {

/// The run of a stage after training: what it does not decide itself is as `config.yaml` says.
Run decided_by_stages(Run run, const ConfigArguments& arguments, Stage stage) {
  std::error_code ignored;
  if (!fs::exists(config_file(run), ignored)) {
    fail_missing(ErrorKind::config, run.folder, "the folder of a run with a trained model",
                 fmt::format("; octet train {} makes one", arguments.config));
  }
  const RunConfig stored = read_stored(config_file(run));
  RunConfig wanted = run.config;
  if (!fs::equivalent(arguments.config, run.folder, ignored)) {
    // A file that the run was made from: training may have lowered the vocabulary and carried out `resume`.
    wanted.train.resume = stored.train.resume;
    wanted.model.vocabulary = std::min(wanted.model.vocabulary, stored.model.vocabulary);
    if (!wanted.checkpoint.empty()) {
      wanted.model = stored.model;  // that of the checkpoint
    }
  }
  const RunConfig decided = take_own_parts(stored, run.config, stage);
  std::string list;
  for (const std::string& line : differences(decided, wanted)) {
    list += fmt::format("\n  {} (decided by {})", line, stage_of(line));
  }
  if (!list.empty()) {
    fail(ErrorKind::config,
         "{}: this stage cannot change what others have decided for the run (there -> here):{}\n"
         "Give it to the stage that decides it, and repeat those that come after",
         config_file(run).string(), list);
  }
  run.config = decided;
  if (!decided.checkpoint.empty() && stage != Stage::report) {
    check_against_given(decided, run.best_checkpoint());
  }
  return run;
}

}  // namespace

Run read_stage(const CommonOptions& common, const ConfigArguments& arguments, Stage stage) {
  Run run = read_with_overrides(common, arguments, stage);
  run.verb = fmt::format("octet {}", enum_name(stage));
  return stage == Stage::train ? run : decided_by_stages(std::move(run), arguments, stage);
}

Run read_stage_or_plan(const CommonOptions& common, const ConfigArguments& arguments, Stage stage) {
  Run run = read_with_overrides(common, arguments, stage);
  std::error_code ignored;
  return fs::exists(config_file(run), ignored) ? decided_by_stages(std::move(run), arguments, stage) : run;
}

void write_run_config(const Run& run) {
  RunConfig config = run.config;
  config.train.resume = TrainConfig().resume;
  write_file_atomically(config_file(run), stored_config(to_yaml(config)));
}

}  // namespace octet
