#include "cli/run_folder.h"

#include <array>
#include <cerrno>
#include <system_error>

#include <unistd.h>

#include "cli/lab_folder.h"
#include "cli/seed_runs.h"
#include "nn/files/model_file.h"
#include "nn/files/model_tokenizer.h"

namespace octet {
namespace fs = std::filesystem;

namespace {

/// All that a run writes directly into its folder.
constexpr std::array kEntries = {"config.yaml", "metrics.jsonl", "train.log",   "checkpoints",   "quantized", "charts",
                                 "report.json", "report.md",     "report.html", "outliers.json", "seeds"};

bool is_config_of_run(const fs::path& path) {
  try {
    read_config<RunConfig>(path.string());
    return true;
  } catch (const Error&) {
    return false;
  }
}

/// A run leaves its lock first and its configuration soon after; runs of before there was a lock have the second alone.
bool is_run(const fs::path& folder) {
  std::error_code ignored;
  return fs::exists(folder / FolderLock::kFile, ignored) || is_config_of_run(folder / "config.yaml");
}

void check_ours(const fs::path& folder) {
  if (is_run(folder)) {
    return;
  }
  for (const char* entry : kEntries) {
    std::error_code ignored;
    if (fs::exists(fs::symlink_status(folder / entry, ignored))) {
      fail(ErrorKind::config,
           "{}: expected a new folder or one that a run of Octet has made, found {} of something else in it; choose "
           "another folder with --out",
           folder.string(), entry);
    }
  }
}

}  // namespace

const FileNames& quantized_files() {
  static const FileNames files = {kModelWeightsFile, kModelConfigFile, kTokenizerFile, "coverage.json"};
  return files;
}

void check_writable(const fs::path& folder) {
  fs::path place = fs::absolute(folder).lexically_normal();
  std::error_code ignored;
  // A link that leads nowhere is in the way as much as a file is.
  while (!fs::exists(fs::symlink_status(place, ignored)) && place.has_relative_path()) {
    place = place.parent_path();
  }
  const bool is_folder = fs::is_directory(place, ignored);
  if (!is_folder || ::access(place.c_str(), W_OK | X_OK) != 0) {
    const int error = is_folder ? errno : ENOTDIR;
    fail(ErrorKind::run, "{}: expected a folder that can be written, but {}: {}", folder.string(), place.string(),
         std::generic_category().message(error));
  }
}

void check_place_of(const fs::path& out) {
  check_writable(out.has_parent_path() ? out.parent_path() : fs::path("."));
}

void check_folder(const fs::path& folder) {
  check_writable(folder);
  check_ours(folder);
}

void check_run_folder(const Run& run) {
  check_folder(run.folder);
  if (const std::string kind = lab_kind_of_folder(run.folder); !kind.empty()) {
    fail(ErrorKind::config, "{}: expected a folder for a run, found that of {}; choose another one with --out",
         run.folder.string(), kind);
  }
  for (const Recipe& recipe : run.config.quantize) {
    check_replaceable(run.quantized(recipe), quantized_files());
  }
  for (const Run& other : other_seeds(run)) check_run_folder(other);
}

void lock_run(Run& run) {
  if (run.lock) {
    return;
  }
  run.lock = std::make_shared<FolderLock>(run.folder, run.verb);
  for (const char* part : {"", "checkpoints", "quantized", "charts"}) {
    clear_leftovers(run.folder / part);
  }
}

void lock_existing_run(Run& run) {
  std::error_code ignored;
  if (fs::is_directory(run.folder, ignored)) {
    lock_run(run);
  }
}

}  // namespace octet
