#include "train/checkpoint_folders.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/error.h"

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

/// Of the folders there are, in increasing order.
std::vector<std::int64_t> steps_in(const fs::path& root) {
  std::vector<std::int64_t> steps;
  std::error_code missing;
  for (const auto& entry : fs::directory_iterator(root, missing)) {
    if (const auto step = step_of(entry.path().filename().string())) {
      steps.push_back(*step);
    }
  }
  std::ranges::sort(steps);
  return steps;
}

void remove_folder(const fs::path& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (error) {
    fail(ErrorKind::run, "{}: cannot remove: {}", path.string(), error.message());
  }
}

}  // namespace

void CheckpointFolders::keep_newest(std::int64_t keep) const {
  auto steps = steps_in(root_);
  while (static_cast<std::int64_t>(steps.size()) > keep) {
    remove_folder(step(steps.front()));
    steps.erase(steps.begin());
  }
}

void CheckpointFolders::remove_after(std::int64_t last_step) const {
  for (const std::int64_t found : steps_in(root_)) {
    if (found > last_step) {
      remove_folder(step(found));
    }
  }
}

void CheckpointFolders::clear() const {
  remove_folder(root_);
}

}  // namespace octet
