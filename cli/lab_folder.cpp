#include "cli/lab_folder.h"

#include <algorithm>
#include <system_error>

#include <fmt/ranges.h>

#include "base/error.h"
#include "base/files/hidden_name.h"

namespace octet {
namespace fs = std::filesystem;

std::string lab_kind(const ConfigSource& source) {
  return is_entropy_lab(source) ? kEntropyLab : is_natural_lab(source) ? kNaturalLab : "";
}

std::string lab_kind_of_folder(const fs::path& folder) {
  return lab_kind({folder.string(), nullptr, true});
}

std::vector<std::string> runs_below(const fs::path& folder) {
  std::vector<std::string> runs;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    const bool complete = !parse_leftover(entry->path().filename().string());
    std::error_code ignored;
    if (complete && fs::exists(entry->path() / "config.yaml", ignored)) runs.push_back(entry->path().string());
  }
  std::sort(runs.begin(), runs.end());
  return runs;
}

void check_lab_folder(const fs::path& folder, const std::string& kind) {
  std::error_code ignored;
  if (!fs::exists(folder / "config.yaml", ignored)) return;
  const std::string found = lab_kind_of_folder(folder);
  if (found != kind) {
    fail(ErrorKind::config, "{}: expected a new folder or that of {}, found that of {}; choose another one with --out",
         folder.string(), kind, found.empty() ? "a run" : found);
  }
}

void refuse_lab(const ConfigSource& source) {
  const std::string kind = lab_kind(source);
  if (kind.empty()) return;
  if (!source.is_run) {
    fail(ErrorKind::config, "{}: this is {}, which only octet run and octet configs validate take", source.name, kind);
  }
  const std::vector<std::string> runs = runs_below(source.name);
  const std::string others =
      runs.empty() ? "it has no runs yet" : fmt::format("other verbs take the runs in it: {}", fmt::join(runs, ", "));
  fail(ErrorKind::config, "{}: this is the folder of {}, which only octet run and octet configs validate take; {}",
       source.name, kind, others);
}

}  // namespace octet
