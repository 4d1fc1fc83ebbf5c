#include "base/files/read_file.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files/system_call.h"
#include "base/interrupt.h"

namespace octet {
namespace {

namespace fs = std::filesystem;

// Of a text whose size is not known beforehand: from a pipe or a device.
constexpr std::size_t kMostWithoutSize = std::size_t{256} << 20;
// How long an order to stop may go unseen while a pipe says nothing.
constexpr int kPatienceMilliseconds = 100;

/// One system call that reads, repeated when a signal cut it short. 0 at the end of the file.
template <typename Call>
std::size_t read_some(const fs::path& path, const Call& call) {
  ssize_t count = 0;
  while ((count = call()) < 0) {
    if (errno != EINTR) {
      fail_to_read(path, errno);
    }
  }
  return static_cast<std::size_t>(count);
}

/// Returns at once for files. A pipe may not have a writer yet, or one that is slow. Files of the system that wait for
/// an event, such as /proc/kmsg, call themselves files; nobody means them.
void await_bytes(int descriptor, const fs::path& path, const struct stat& info) {
  pollfd waiting = {descriptor, POLLIN, 0};
  while (::poll(&waiting, 1, kPatienceMilliseconds) <= 0) {
    if (S_ISREG(info.st_mode)) {
      fail(ErrorKind::input, "{}: expected a file with an end, found one that waits for something to happen",
           path.string());
    }
    if (interrupt_requested()) {
      fail(ErrorKind::interrupted, "{}: interrupted while nothing came to read", path.string());
    }
  }
}

/// To open a pipe without a writer would wait for one, whatever signal comes: hence O_NONBLOCK.
constexpr int kReading = O_RDONLY | O_NONBLOCK;

struct stat stat_of(const fs::path& path, int descriptor) {
  struct stat info = {};
  if (descriptor < 0 || ::fstat(descriptor, &info) != 0) {
    fail_to_read(path, errno);
  }
  return info;
}

/// What is neither a file nor a folder; reading a folder fails by itself.
void refuse_streams(const fs::path& path, const struct stat& info) {
  if (!S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode)) {
    fail(ErrorKind::input, "{}: expected a file, found a pipe or a device", path.string());
  }
}

std::string read_all(const fs::path& path, const Descriptor& file, const struct stat& info) {
  // The size is only a first guess: files of /proc and pipes report 0. Some devices never end.
  const auto size = static_cast<std::size_t>(info.st_size);
  const std::size_t most = std::max(size, kMostWithoutSize);
  std::string text(size + 1, '\0');
  std::size_t used = 0;
  const auto read_on = [&] {
    await_bytes(file.get(), path, info);
    return ::read(file.get(), text.data() + used, text.size() - used);
  };
  while (const std::size_t count = read_some(path, read_on)) {
    used += count;
    if (used > most) {
      fail(ErrorKind::input, "{}: cannot read: no end after {} MiB", path.string(), most >> 20);
    }
    if (used == text.size()) {
      text.resize(text.size() * 2);
    }
  }
  text.resize(used);
  return text;
}

}  // namespace

std::string read_text_file(const fs::path& path) {
  const Descriptor file(path, kReading);
  const struct stat info = stat_of(path, file.get());
  refuse_streams(path, info);
  return read_all(path, file, info);
}

std::string read_text_stream(const fs::path& path) {
  const Descriptor file(path, kReading);
  return read_all(path, file, stat_of(path, file.get()));
}

InputFile::InputFile(fs::path path) : path_(std::move(path)), descriptor_(::open(path_.c_str(), kReading | O_CLOEXEC)) {
  try {
    const struct stat info = stat_of(path_, descriptor_);
    refuse_streams(path_, info);
    if (S_ISDIR(info.st_mode)) {
      fail_to_read(path_, EISDIR);
    }
    size_ = static_cast<std::uint64_t>(info.st_size);
  } catch (const Error&) {
    ::close(descriptor_);
    throw;
  }
}

InputFile::~InputFile() {
  ::close(descriptor_);
}

void InputFile::read(std::uint64_t offset, void* to, std::size_t bytes) const {
  auto* next = static_cast<char*>(to);
  while (bytes > 0) {
    const std::size_t count =
        read_some(path_, [&] { return ::pread(descriptor_, next, bytes, static_cast<off_t>(offset)); });
    if (count == 0) {
      fail(ErrorKind::input, "{}: expected {} more bytes at byte {}, but the file ends", path_.string(), bytes, offset);
    }
    next += count;
    offset += count;
    bytes -= count;
  }
}

}  // namespace octet
