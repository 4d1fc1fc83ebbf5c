#pragma once

#include <cstdint>
#include <filesystem>

#include <fmt/core.h>

namespace octet {

/// The checkpoints of a run: `RUN/checkpoints/{step-N,last,best}`.
class CheckpointFolders {
 public:
  explicit CheckpointFolders(const std::filesystem::path& run_folder) : root_(run_folder / "checkpoints") {}

  const std::filesystem::path& root() const { return root_; }
  std::filesystem::path last() const { return root_ / "last"; }
  std::filesystem::path best() const { return root_ / "best"; }
  std::filesystem::path step(std::int64_t step) const { return root_ / fmt::format("step-{}", step); }

  /// Removes all but the newest `keep` of the `step-N`.
  void keep_newest(std::int64_t keep) const;

  /// Removes the `step-N` beyond `last_step`: those of a session that the run does not go on from.
  void remove_after(std::int64_t last_step) const;

  /// Removes all checkpoints.
  void clear() const;

 private:
  std::filesystem::path root_;
};

}  // namespace octet
