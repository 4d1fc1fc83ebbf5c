#include "cli/run_config.h"

#include <cerrno>
#include <set>
#include <system_error>

#include <fmt/ranges.h>
#include <unistd.h>

#include "base/file.h"
#include "base/nearest.h"
#include "cli/builtin_configs.h"

namespace octet {
namespace fs = std::filesystem;

namespace {

constexpr std::int64_t kSmallestVocabulary = 257;

RunConfig read_any(const std::string& source, const std::vector<std::string>& overrides) {
  std::error_code ignored;
  if (fs::is_directory(source, ignored)) {
    return read_config<RunConfig>((fs::path(source) / "config.yaml").string(), overrides);
  }
  if (fs::exists(source, ignored)) {
    return read_config<RunConfig>(source, overrides);
  }
  if (const auto builtin = builtin_configs().find(source); builtin != builtin_configs().end()) {
    return parse_config<RunConfig>(builtin->second, "built-in " + source, overrides);
  }
  const auto near = nearest_name(source, names_of_configs());
  fail(ErrorKind::config, "{}: no such file, run folder or built-in configuration{} (built in: {})", source,
       near ? ", did you mean \"" + *near + "\"?" : "", fmt::join(names_of_configs(), ", "));
}

}  // namespace

void RunConfig::validate(Problems& problems) const {
  if (name.find('/') != std::string::npos || name == "." || name == "..") {
    problems.add("name", "expected a name for a folder, got \"{}\"", name);
  }
  if (model.vocabulary < kSmallestVocabulary) {
    problems.add("model.vocabulary", "expected at least {} (256 bytes and the end of text), got {}",
                 kSmallestVocabulary, model.vocabulary);
  }
  std::set<std::string> recipes = {"fp32"};
  for (const Recipe& recipe : quantize) {
    if (!recipes.insert(recipe.name).second || recipe.name.find('/') != std::string::npos) {
      problems.add("quantize", "expected recipes of different names, none of them fp32, got \"{}\"", recipe.name);
    }
  }
  if (eval.context_of(model) > model.context) {
    problems.add("eval.context", "expected at most the model's context of {}, got {}", model.context,
                 eval.context_of(model));
  }
}

Run read_run(const CommonOptions& common, const ConfigArguments& arguments) {
  std::vector<std::string> overrides = arguments.overrides;
  if (!common.device.empty()) {
    overrides.push_back("device=" + common.device);
  }
  if (!common.math.empty()) {
    overrides.push_back("math=" + common.math);
  }
  if (common.seed) {
    overrides.push_back(fmt::format("train.seed={}", *common.seed));
    overrides.push_back(fmt::format("eval.sampling.seed={}", *common.seed));
  }
  Run run = {read_any(arguments.config, overrides), {}};
  std::error_code ignored;
  if (!common.out.empty()) {
    run.folder = common.out;
  } else if (fs::is_directory(arguments.config, ignored)) {
    run.folder = arguments.config;
  } else {
    run.folder = fs::path("runs") / run.config.name;
  }
  return run;
}

void check_run_folder(const Run& run) {
  fs::path place = fs::absolute(run.folder).lexically_normal();
  std::error_code ignored;
  while (!fs::exists(place, ignored) && place.has_relative_path()) {
    place = place.parent_path();
  }
  const bool is_folder = fs::is_directory(place, ignored);
  if (!is_folder || ::access(place.c_str(), W_OK | X_OK) != 0) {
    const int error = is_folder ? errno : ENOTDIR;
    fail(ErrorKind::run, "{}: expected a folder that can be written, but {}: {}", run.folder.string(), place.string(),
         std::generic_category().message(error));
  }
}

void write_run_config(const Run& run) {
  write_file_atomically(run.folder / "config.yaml", to_yaml(run.config));
}

RunConfig stored_config(const Run& run) {
  return read_config<RunConfig>((run.folder / "config.yaml").string());
}

}  // namespace octet
