#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

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

  /// The checkpoint to go on from: the one with most steps by its trainer.json, `last` before others of as many. It is
  /// not always `last`: a run may be cut off between the names of one checkpoint, or `last` be gone. Nothing where
  /// there is none. Error (input) where `last` is there and broken; others that are broken are passed over.
  std::optional<std::filesystem::path> newest() const;

  // Only folders that hold the files of a checkpoint and nothing else are ever removed; a `step-500` of another program
  // stays.

  /// Removes all but the newest `keep` of the `step-N`.
  void keep_newest(std::int64_t keep) const;

  /// Removes the `step-N` beyond `last_step`: those of a session that the run does not go on from.
  void remove_after(std::int64_t last_step) const;

  /// Removes all checkpoints. Error (run) that removes nothing where the folder holds anything else.
  void clear() const;

 private:
  std::filesystem::path root_;
};

}  // namespace octet
