#pragma once

#include <filesystem>
#include <string_view>

namespace octet {

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

}  // namespace octet
