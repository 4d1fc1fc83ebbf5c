#include "cli/run_config.h"

#include <cerrno>
#include <system_error>

#include <fmt/ranges.h>
#include <unistd.h>

#include "base/file.h"
#include "base/nearest.h"
#include "cli/builtin_configs.h"
#include "cli/console.h"

namespace octet {
namespace fs = std::filesystem;

namespace {

/// What the first argument names.
struct Source {
  std::string name;
  const std::string* builtin = nullptr;  ///< the text of the configuration of that name
  bool is_run = false;                   ///< the folder of an earlier run
};

Source find_source(const CommonOptions& common, const std::string& name) {
  std::error_code ignored;
  const bool is_run = fs::exists(fs::path(name) / "config.yaml", ignored);
  const auto builtin = builtin_configs().find(name);
  if (builtin == builtin_configs().end()) {
    return {name, nullptr, is_run};
  }
  if (is_run) {
    note(common, fmt::format("{0}: taken for the run folder ./{0}, not for the built-in configuration", name));
    return {name, nullptr, true};
  }
  if (fs::exists(name, ignored)) {
    note(common, fmt::format("{0}: taken for the built-in configuration; ./{0} names the file or folder", name));
  }
  return {name, &builtin->second, false};
}

RunConfig read_source(const Source& source, const std::vector<std::string>& overrides) {
  if (source.builtin != nullptr) {
    return parse_config<RunConfig>(*source.builtin, "built-in " + source.name, overrides);
  }
  if (source.is_run) {
    return read_config<RunConfig>((fs::path(source.name) / "config.yaml").string(), overrides);
  }
  std::error_code ignored;
  if (fs::is_directory(source.name, ignored)) {
    fail(ErrorKind::config, "{}: expected the folder of a run, found no config.yaml in it", source.name);
  }
  if (fs::exists(source.name, ignored)) {
    return read_config<RunConfig>(source.name, overrides);
  }
  const auto near = nearest_name(source.name, names_of_configs());
  fail(ErrorKind::config, "{}: no such file, run folder or built-in configuration{} (built in: {})", source.name,
       near ? ", did you mean \"" + *near + "\"?" : "", fmt::join(names_of_configs(), ", "));
}

}  // namespace

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
  const Source source = find_source(common, arguments.config);
  Run run = {read_source(source, overrides), {}};
  if (!common.out.empty()) {
    run.folder = common.out;
  } else if (source.is_run) {
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
