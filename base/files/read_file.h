#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

namespace octet {

/// Errors here are of ErrorKind::input and name the path and the system's reason.

/// The whole file. Error where it is none: a folder, a pipe, a device.
std::string read_text_file(const std::filesystem::path& path);

/// The same of what a user names, which may be a pipe or a device too: of those at most 256 MiB. Error (interrupted)
/// where a signal comes (interrupt.h) while a pipe has nothing to read yet.
std::string read_text_stream(const std::filesystem::path& path);

/// A binary file whose parts are read straight to where they belong. Errors as of read_text_file().
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

}  // namespace octet
