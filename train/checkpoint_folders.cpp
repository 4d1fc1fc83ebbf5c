#include "train/checkpoint_folders.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/error.h"
#include "base/files/known_folder.h"
#include "train/checkpoint.h"

namespace octet {
namespace {

namespace fs = std::filesystem;

std::optional<std::int64_t> step_of(const std::string& name) {
  constexpr std::string_view kPrefix = "step-";
  std::int64_t step = 0;
  if (!name.starts_with(kPrefix)) {
    return std::nullopt;
  }
  const char* end = name.data() + name.size();
  const auto [rest, error] = std::from_chars(name.data() + kPrefix.size(), end, step);
  return error == std::errc{} && rest == end ? std::optional(step) : std::nullopt;
}

/// Of the checkpoints there are, in increasing order.
std::vector<std::int64_t> steps_in(const fs::path& root) {
  std::vector<std::int64_t> steps;
  std::error_code missing;
  for (const auto& entry : fs::directory_iterator(root, missing)) {
    const auto step = step_of(entry.path().filename().string());
    if (step && holds_only(entry.path(), checkpoint_files())) {
      steps.push_back(*step);
    }
  }
  std::ranges::sort(steps);
  return steps;
}

}  // namespace

std::optional<fs::path> CheckpointFolders::newest() const {
  std::optional<fs::path> newest;
  std::int64_t most = -1;
  const auto consider = [&](const fs::path& path) {
    const std::int64_t steps = read_trainer_state(path).step;
    if (steps > most) {
      newest = path;
      most = steps;
    }
  };
  if (fs::exists(last())) {
    consider(last());
  }
  std::vector<fs::path> others = {best()};
  for (const std::int64_t found : steps_in(root_)) {
    others.push_back(step(found));
  }
  for (const fs::path& path : others) {
    try {
      consider(path);
    } catch (const Error&) {
      continue;  // missing, or not whole
    }
  }
  return newest;
}

void CheckpointFolders::keep_newest(std::int64_t keep) const {
  auto steps = steps_in(root_);
  while (static_cast<std::int64_t>(steps.size()) > keep) {
    remove_known_folder(step(steps.front()), checkpoint_files());
    steps.erase(steps.begin());
  }
}

void CheckpointFolders::remove_after(std::int64_t last_step) const {
  for (const std::int64_t found : steps_in(root_)) {
    if (found > last_step) {
      remove_known_folder(step(found), checkpoint_files());
    }
  }
}

void CheckpointFolders::clear() const {
  std::vector<fs::path> checkpoints;
  std::error_code missing;
  for (const auto& entry : fs::directory_iterator(root_, missing)) {
    const std::string name = entry.path().filename().string();
    const bool has_name = name == "last" || name == "best" || step_of(name);
    if (!has_name || !holds_only(entry.path(), checkpoint_files())) {
      fail(ErrorKind::run,
           "{}: expected nothing but checkpoints of Octet (last, best, step-N), which a run that starts again removes, "
           "found {}; move it away, or choose another folder with --out",
           root_.string(), name);
    }
    checkpoints.push_back(entry.path());
  }
  for (const fs::path& path : checkpoints) {
    remove_known_folder(path, checkpoint_files());
  }
}

}  // namespace octet
