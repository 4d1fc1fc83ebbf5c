#pragma once

#include <filesystem>
#include <string>

namespace octet {

/// The sole right to write to a folder, held while the object lives: `FOLDER/.octet-lock`, locked by flock(2). The
/// system gives the lock back when the process ends, however it ends, so a killed one blocks nobody. The file stays: it
/// also tells that the folder was made here, whatever else it lacks. Where a file system knows no locks, none is held.
class FolderLock {
 public:
  static constexpr const char* kFile = ".octet-lock";

  /// Creates the folder where it is missing. `work` says in messages of others what is going on here: "octet train".
  /// Error (run): another process holds it, with its work, process, machine and start; the file cannot be written.
  FolderLock(const std::filesystem::path& folder, const std::string& work);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int descriptor_ = -1;
};

}  // namespace octet
