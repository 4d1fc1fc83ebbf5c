#include "cli/run_config.h"

#include <set>

#include <fmt/ranges.h>

#include "base/file.h"
#include "base/nearest.h"
#include "cli/builtin_configs.h"

namespace octet {
namespace fs = std::filesystem;

namespace {

constexpr std::int64_t kSmallestVocabulary = 257;

std::vector<std::string> names_of_configs() {
  std::vector<std::string> names;
  for (const auto& [name, text] : builtin_configs()) {
    names.push_back(name);
  }
  return names;
}

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

void create_run_folder(const Run& run) {
  make_folder(run.folder);
  write_file_atomically(run.folder / "config.yaml", to_yaml(run.config));
}

}  // namespace octet
