#include "base/files/folder_lock.h"

#include <cerrno>
#include <ctime>

#include <fcntl.h>
#include <fmt/chrono.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files/known_folder.h"
#include "base/files/own_file.h"
#include "base/files/read_file.h"

namespace octet {
namespace {

std::string machine_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "an unknown machine";
}

/// A disk that is full keeps the line out, which only makes the messages of others shorter.
void write_line(int descriptor, const std::string& line) {
  if (::ftruncate(descriptor, 0) == 0) {
    [[maybe_unused]] const ssize_t written = ::pwrite(descriptor, line.data(), line.size(), 0);
  }
}

}  // namespace

FolderLock::FolderLock(const std::filesystem::path& folder, const std::string& work) {
  make_folder(folder);
  const std::filesystem::path path = folder / kFile;
  descriptor_ = open_own_file(path, O_RDWR);  // not inherited by programs that are started from here
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    ::close(descriptor_);
    std::string holder = read_text_file(path);
    if (holder.empty()) {
      holder = "another octet";
    }
    fail(ErrorKind::run, "{}: {} is at work there; wait until it has ended, or choose another folder with --out",
         folder.string(), holder);
  }
  write_line(descriptor_, fmt::format("{} (process {} on {}, since {:%Y-%m-%d %H:%M:%S} UTC)", work, ::getpid(),
                                      machine_name(), fmt::gmtime(std::time(nullptr))));
}

FolderLock::~FolderLock() {
  write_line(descriptor_, "");  // else the next to hold the lock would be taken for this process until it has written
  ::close(descriptor_);
}

}  // namespace octet
