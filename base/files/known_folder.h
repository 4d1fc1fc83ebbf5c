#pragma once

#include <filesystem>
#include <set>
#include <string>

namespace octet {

/// Folders that hold a known set of files and are whole or not there. Errors are of ErrorKind::run; they name the path
/// and the system's reason.

/// Creates the folder and its missing parents; an existing folder is fine.
void make_folder(const std::filesystem::path& path);

/// The names of the files that a folder of one kind holds: a checkpoint, a quantized model.
using FileNames = std::set<std::string>;

/// Whether `path` is a folder that holds nothing but regular files of these names (temporary ones of AtomicFile aside).
/// Only such a folder is recognizably one that was made here, and only such a folder is ever removed or replaced.
bool holds_only(const std::filesystem::path& path, const FileNames& files);

/// Error (run) where there is something at `path` that `holds_only` does not recognize, naming what is foreign: a
/// folder of this name could not be replaced without losing it.
void check_replaceable(const std::filesystem::path& path, const FileNames& files);

/// Removes a folder that `holds_only` these files. Error (run) where it holds others, or cannot be removed.
void remove_known_folder(const std::filesystem::path& path, const FileNames& files);

/// The same as AtomicFile (atomic_file.h) for a folder of `files`: fill `path()`, a temporary folder beside the final
/// one, then `commit`. A folder that was there before is replaced whole, if it holds such files alone (else it is an
/// error, and stays); the destructor removes what was not committed.
class AtomicFolder {
 public:
  AtomicFolder(std::filesystem::path path, FileNames files);
  ~AtomicFolder();
  AtomicFolder(const AtomicFolder&) = delete;
  AtomicFolder& operator=(const AtomicFolder&) = delete;

  /// Where to write until `commit`.
  const std::filesystem::path& path() const { return temporary_; }

  void commit();

 private:
  std::filesystem::path final_;
  std::filesystem::path temporary_;
  FileNames files_;
};

/// Cleans `folder` of what AtomicFile and AtomicFolder left there when their process was killed. Temporaries are
/// removed; a folder that was on its way to being replaced gets its name back where nothing has taken it. Call it only
/// where no other process writes to `folder` (folder_lock.h). A folder that does not exist is fine.
void clear_leftovers(const std::filesystem::path& folder);

}  // namespace octet
