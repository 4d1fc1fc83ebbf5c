#include "cli/model_folder.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <vector>

#include <fmt/ranges.h>

#include "base/error.h"
#include "base/files/hidden_name.h"
#include "base/files/missing.h"
#include "base/files/read_file.h"
#include "base/json.h"
#include "cli/console.h"
#include "cli/lab_folder.h"
#include "nn/files/model_file.h"

namespace octet {
namespace fs = std::filesystem;

namespace {

bool holds_model(const fs::path& folder) {
  std::error_code ignored;
  return fs::exists(folder / kModelConfigFile, ignored);
}

/// Error (input) for a model of another program, which has a name that says so or another config.json.
void refuse_foreign(const fs::path& path) {
  std::error_code ignored;
  const char* kind = nullptr;
  if (fs::is_directory(path, ignored)) {
    try {
      const std::string file = path / kModelConfigFile;
      if (parse_json(read_text_file(file), file).contains("model_type")) kind = "of Hugging Face";
    } catch (const Error&) {  // broken: whoever reads the model says how
    }
  } else if (path.extension() == ".gguf") {
    kind = "in GGUF";
  }
  if (kind != nullptr) {
    fail(ErrorKind::input,
         "{0}: expected a model of Octet, found one {1}; octet import {0} --out FOLDER makes one of it", path.string(),
         kind);
  }
}

/// Complete models directly below a folder, or below its checkpoints/ and quantized/.
std::vector<std::string> models_below(const fs::path& folder) {
  std::vector<std::string> found;
  for (const char* part : {"", "checkpoints", "quantized"}) {
    std::error_code error;
    for (fs::directory_iterator entry(folder / part, error); !error && entry != fs::directory_iterator();
         entry.increment(error)) {
      const bool complete = !parse_leftover(entry->path().filename().string());
      if (complete && holds_model(entry->path())) found.push_back(entry->path().string());
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace

std::string model_folder(const CommonOptions& common, const std::string& named) {
  constexpr const char* kExpected = "the folder of a model or of a run";
  const fs::path folder = named;
  std::error_code ignored;
  refuse_foreign(folder);
  if (holds_model(folder)) {
    return named;
  }
  if (!fs::exists(folder, ignored)) fail_missing(ErrorKind::input, named, kExpected);
  if (!fs::is_directory(folder, ignored)) fail(ErrorKind::input, "{}: expected {}, found a file", named, kExpected);
  refuse_lab({named, nullptr, true});
  const bool is_run = fs::exists(folder / "config.yaml", ignored);
  const fs::path best = folder / "checkpoints" / "best";
  if (is_run && holds_model(best)) {
    note(common, fmt::format("{} is a run folder: taking {}", named, best.string()));
    return best.string();
  }
  const std::vector<std::string> models = models_below(folder);
  if (!models.empty()) {
    fail(ErrorKind::input, "{}: expected the folder of a model, found no {} in it; models below it: {}", named,
         kModelConfigFile, fmt::join(models, ", "));
  }
  if (is_run) {
    fail(ErrorKind::input, "{}: this run has no model yet; octet train {} makes one", named, named);
  }
  const std::vector<std::string> runs = runs_below(folder);
  fail(ErrorKind::input, "{}: expected {}, found neither {} nor config.yaml in it{}", named, kExpected,
       kModelConfigFile, runs.empty() ? "" : fmt::format("; runs below it: {}", fmt::join(runs, ", ")));
}

}  // namespace octet
