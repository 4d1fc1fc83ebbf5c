#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/files/read_file.h"

namespace octet {

/// Reads a file of little-endian numbers and strings from its beginning, a buffer at a time. Lengths are compared with
/// what is left before memory is asked for. `what` is what is being read, for errors, which are of ErrorKind::input and
/// begin with the path.
class ByteReader {
 public:
  explicit ByteReader(const InputFile& file) : file_(file) {}

  template <typename... Args>
  [[noreturn]] void refuse(fmt::format_string<Args...> format, Args&&... args) const {
    fail(ErrorKind::input, "{}: {}", file_.path().string(), fmt::format(format, std::forward<Args>(args)...));
  }

  std::uint64_t position() const { return position_; }
  std::uint64_t left() const { return file_.size() - position_; }

  /// Error unless `count` things of at least `bytes` each can follow.
  void expect_room(std::uint64_t count, std::uint64_t bytes, const std::string& what) const;

  void bytes(void* to, std::uint64_t count, const std::string& what);

  template <typename T>
  T number(const std::string& what) {
    T value;
    bytes(&value, sizeof value, what);
    return value;
  }

  /// A string behind its length, a u64.
  std::string string(const std::string& what);

 private:
  void expect_bytes(std::uint64_t count, const std::string& what) const;
  void refill();

  const InputFile& file_;
  std::uint64_t position_ = 0;
  std::vector<char> buffer_;
  std::size_t next_ = 0;  ///< in the buffer
};

}  // namespace octet
