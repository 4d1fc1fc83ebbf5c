#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace octet {

/// All errors here name the path and the system's reason. Reading fails with ErrorKind::input,
/// writing with ErrorKind::run.

/// The whole file.
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

/// The same for a folder: fill `path()`, a temporary folder beside the final one, then `commit`. A
/// folder that was there before is replaced whole; the destructor removes what was not committed.
class AtomicFolder {
 public:
  explicit AtomicFolder(std::filesystem::path path);
  ~AtomicFolder();
  AtomicFolder(const AtomicFolder&) = delete;
  AtomicFolder& operator=(const AtomicFolder&) = delete;

  /// Where to write until `commit`.
  const std::filesystem::path& path() const { return temporary_; }

  void commit();

 private:
  std::filesystem::path final_;
  std::filesystem::path temporary_;
};

}  // namespace octet
