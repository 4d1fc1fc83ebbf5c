#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>

namespace octet {

/// All errors here name the path and the system's reason. Reading fails with ErrorKind::input,
/// writing with ErrorKind::run.

/// The whole file. From a pipe or a device, at most 256 MiB.
std::string read_text_file(const std::filesystem::path& path);

/// A binary file whose parts are read straight to where they belong.
class InputFile {
 public:
  explicit InputFile(std::filesystem::path path);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::uint64_t size() const { return size_; }

  /// Fills `to` with the `bytes` at `offset`; an error if the file ends before.
  void read(std::uint64_t offset, void* to, std::size_t bytes) const;

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
};

/// Creates the folder and its missing parents; an existing folder is fine.
void make_folder(const std::filesystem::path& path);

/// A file that appears under its name only when it is complete: bytes go to a temporary file in the
/// same folder, `commit` makes them durable and renames. Until then, and for ever if something
/// fails, a file that was there before stays as it was; the destructor removes the temporary.
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::string_view bytes);
  void commit();

 private:
  std::filesystem::path path_;
  std::filesystem::path temporary_;
  int descriptor_ = -1;
};

/// AtomicFile in one call.
void write_file_atomically(const std::filesystem::path& path, std::string_view bytes);

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

/// The same as AtomicFile for a folder of `files`: fill `path()`, a temporary folder beside the final one, then
/// `commit`. A folder that was there before is replaced whole, if it holds such files alone (else it is an error, and
/// stays); the destructor removes what was not committed.
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
/// where no other process writes to `folder` (base/folder_lock.h). A folder that does not exist is fine.
void clear_leftovers(const std::filesystem::path& folder);

}  // namespace octet
