#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace octet::fuzz {

// What the targets share. A target is a file NAME_fuzz.cpp with LLVMFuzzerTestOneInput: it gives the bytes to a parser
// of foreign files, uses what the parser accepted as the program would, and checks what the headers promise.

inline std::string_view as_text(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// What `parse` returns, or nothing where it refuses with octet::Error. Any other exception ends the program, which is
/// a finding.
template <typename Parse>
auto accepted(Parse parse) -> std::optional<decltype(parse())> {
  try {
    return parse();
  } catch (const Error&) {
    return std::nullopt;
  }
}

/// Ends the program where a promise was not kept.
inline void promise(bool kept, const char* what) {
  if (!kept) {
    std::fprintf(stderr, "broken promise: %s\n", what);
    std::abort();
  }
}

/// A folder of the fuzzer's own, for parsers that take one.
class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "octet-fuzz-XXXXXX").string();
    promise(mkdtemp(pattern.data()) != nullptr, "a temporary folder can be made");
    path_ = pattern;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  const std::filesystem::path& path() const { return path_; }

  /// Neither atomic nor durable, unlike what the program writes, and so quick enough for thousands a second.
  void write(const std::string& name, std::string_view bytes) const {
    std::ofstream file(path_ / name, std::ios::binary | std::ios::trunc);
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    file.close();
    promise(!file.fail(), "a file in the temporary folder can be written");
  }

 private:
  std::filesystem::path path_;
};

}  // namespace octet::fuzz
