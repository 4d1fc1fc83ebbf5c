#pragma once

#include <filesystem>

namespace octet {

/// What the files of this room say and do alike when they call the system. `error` is a value of errno.

/// Error (run): PATH: cannot WHAT: the reason.
[[noreturn]] void fail_to(const char* what, const std::filesystem::path& path, int error);

/// Error (input): PATH: cannot read: the reason.
[[noreturn]] void fail_to_read(const std::filesystem::path& path, int error);

/// A file descriptor that closes itself; below 0, with errno set, where the file cannot be opened.
class Descriptor {
 public:
  Descriptor(const std::filesystem::path& path, int flags);
  ~Descriptor();
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int get() const { return value_; }

 private:
  int value_;
};

std::filesystem::path parent_of(const std::filesystem::path& path);

/// Whether anything has this name, also a link that leads nowhere.
bool is_there(const std::filesystem::path& path);

/// Makes a file or folder durable. A rename lasts only when its folder has been synced as well.
void make_durable(const std::filesystem::path& path);

void rename_or_fail(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace octet
