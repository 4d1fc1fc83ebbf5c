#include "base/file.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <fmt/core.h>
#include <fmt/ranges.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

namespace octet {
namespace {

namespace fs = std::filesystem;

// Of a text whose size is not known beforehand: from a pipe or a device.
constexpr std::size_t kMostWithoutSize = std::size_t{256} << 20;

std::string reason(int error) {
  return std::generic_category().message(error);
}

[[noreturn]] void fail_to(const char* what, const fs::path& path, int error) {
  fail(ErrorKind::run, "{}: cannot {}: {}", path.string(), what, reason(error));
}

[[noreturn]] void fail_to_read(const fs::path& path, int error) {
  fail(ErrorKind::input, "{}: cannot read: {}", path.string(), reason(error));
}

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

/// A file descriptor that closes itself.
class Descriptor {
 public:
  Descriptor(const fs::path& path, int flags) : value_(::open(path.c_str(), flags | O_CLOEXEC)) {}
  ~Descriptor() {
    if (value_ >= 0) {
      ::close(value_);
    }
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int get() const { return value_; }

 private:
  int value_;
};

fs::path parent_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

constexpr std::string_view kTemporary = "tmp";  // not complete yet
constexpr std::string_view kReplaced = "old";   // complete, but another folder is taking its place

/// A hidden name beside `path`: `.last.tmp-417-0`. No other call in this process gives the same one. A file of a dead
/// process may have it: process ids come again, in containers at once.
fs::path sibling(const fs::path& path, std::string_view purpose) {
  static std::atomic<int> counter = 0;
  return parent_of(path) / fmt::format(".{}.{}-{}-{}", path.filename().string(), purpose, ::getpid(), counter++);
}

/// Calls create(name) with one hidden name after the other until it finds one that is free; create returns whether it
/// succeeded, else errno tells why not. Returns the name, of which `create` may have made nothing.
template <typename Create>
fs::path create_sibling(const fs::path& path, const Create& create) {
  fs::path name = sibling(path, kTemporary);
  while (!create(name) && errno == EEXIST) {
    name = sibling(path, kTemporary);
  }
  return name;
}

/// What a hidden name of `sibling` stands for.
struct Leftover {
  std::string name;  ///< the final one
  std::string purpose;
};

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::optional<Leftover> parse_leftover(const std::string& hidden) {
  const std::size_t count = hidden.rfind('-');
  const std::size_t process = count == std::string::npos ? count : hidden.rfind('-', count - 1);
  const std::size_t purpose = process == std::string::npos ? process : hidden.rfind('.', process);
  if (purpose == std::string::npos || purpose < 2 || hidden[0] != '.' || !is_number(hidden.substr(count + 1)) ||
      !is_number(hidden.substr(process + 1, count - process - 1))) {
    return std::nullopt;
  }
  Leftover found = {hidden.substr(1, purpose - 1), hidden.substr(purpose + 1, process - purpose - 1)};
  return found.purpose == kTemporary || found.purpose == kReplaced ? std::optional(found) : std::nullopt;
}

/// `runs/a/` and `runs/a` are the same folder, but only the second has a file name.
fs::path without_trailing_slash(fs::path path) {
  path = path.lexically_normal();
  return path.has_filename() ? path : path.parent_path();
}

/// Makes a file or folder durable. A rename lasts only when its folder has been synced as well.
void sync(const fs::path& path) {
  const Descriptor file(path, O_RDONLY);
  if (file.get() < 0) {
    fail_to("open", path, errno);
  }
  if (::fsync(file.get()) != 0) {
    fail_to("sync", path, errno);
  }
}

/// Makes a folder and everything in it durable.
void sync_all(const fs::path& folder) {
  try {
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      if (entry.is_regular_file() || entry.is_directory()) {
        sync(entry.path());
      }
    }
  } catch (const fs::filesystem_error& error) {
    fail_to("sync", folder, error.code().value());
  }
  sync(folder);
}

void rename_or_fail(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) {
    fail_to("replace", to, errno);
  }
}

/// Also of a link that leads nowhere.
bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(fs::symlink_status(path, ignored));
}

/// Of a folder that this process has just filled.
void remove_quietly(const fs::path& path) {
  std::error_code ignored;
  fs::remove_all(path, ignored);
}

/// The first entry that is no regular file of these names; empty where there is none.
std::string first_foreign(const fs::path& folder, const FileNames& files) {
  std::error_code error;
  for (auto entry = fs::directory_iterator(folder, error); !error && entry != fs::end(entry); entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    const auto leftover = parse_leftover(name);
    std::error_code ignored;
    if (!files.contains(leftover ? leftover->name : name) || !entry->is_regular_file(ignored)) {
      return name;
    }
  }
  if (error) {
    fail_to("list", folder, error.value());
  }
  return {};
}

/// Removes a file, or a folder with the files in it. Never more: rmdir fails where a folder is left inside.
void remove_flat(const fs::path& path) {
  std::error_code error;
  if (fs::is_directory(fs::symlink_status(path, error))) {
    for (auto entry = fs::directory_iterator(path, error); !error && entry != fs::end(entry); entry.increment(error)) {
      ::unlink(entry->path().c_str());
    }
  }
  if (::remove(path.c_str()) != 0) {
    fail_to("remove", path, errno);
  }
}

void remove_files(const fs::path& folder, const FileNames& files) {
  check_replaceable(folder, files);
  remove_flat(folder);
}

/// A hidden name for a folder that gives up its own.
fs::path free_sibling(const fs::path& path, std::string_view purpose) {
  fs::path name = sibling(path, purpose);
  while (is_there(name)) {
    name = sibling(path, purpose);
  }
  return name;
}

/// Puts `fresh` in the place of the existing folder `old_one`, which is then removed.
void replace_folder(const fs::path& fresh, const fs::path& old_one, const FileNames& files) {
  // One step, so that a crash at any moment leaves one of the two under the final name.
  if (::renameat2(AT_FDCWD, fresh.c_str(), AT_FDCWD, old_one.c_str(), RENAME_EXCHANGE) == 0) {
    sync(parent_of(old_one));
    remove_files(fresh, files);
    return;
  }
  // Some file systems (overlays, networks) cannot exchange. A crash between the two steps leaves `away`, to which
  // clear_leftovers gives its name back.
  const fs::path away = free_sibling(old_one, kReplaced);
  rename_or_fail(old_one, away);
  if (::rename(fresh.c_str(), old_one.c_str()) != 0) {
    const int error = errno;
    rename_or_fail(away, old_one);
    fail_to("replace", old_one, error);
  }
  sync(parent_of(old_one));
  remove_files(away, files);
}

}  // namespace

std::string read_text_file(const fs::path& path) {
  const Descriptor file(path, O_RDONLY);
  struct stat info = {};
  if (file.get() < 0 || ::fstat(file.get(), &info) != 0) {
    fail_to_read(path, errno);
  }
  // The size is only a first guess: files of /proc and pipes report 0. Some devices never end.
  const auto size = static_cast<std::size_t>(info.st_size);
  const std::size_t most = std::max(size, kMostWithoutSize);
  std::string text(size + 1, '\0');
  std::size_t used = 0;
  while (const std::size_t count =
             read_some(path, [&] { return ::read(file.get(), text.data() + used, text.size() - used); })) {
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

InputFile::InputFile(fs::path path) : path_(std::move(path)) {
  descriptor_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor_ < 0) {
    fail_to_read(path_, errno);
  }
  struct stat info = {};
  const int error = ::fstat(descriptor_, &info) != 0 ? errno : S_ISDIR(info.st_mode) ? EISDIR : 0;
  if (error != 0) {
    ::close(descriptor_);
    fail_to_read(path_, error);
  }
  size_ = static_cast<std::uint64_t>(info.st_size);
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

void make_folder(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) {
    fail_to("create folder", path, error.value());
  }
}

AtomicFile::AtomicFile(fs::path path) : path_(std::move(path)) {
  temporary_ = create_sibling(path_, [this](const fs::path& name) {
    descriptor_ = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    return descriptor_ >= 0;
  });
  if (descriptor_ < 0) {
    fail_to("write", path_, errno);
  }
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
  }
  if (!temporary_.empty()) {
    ::unlink(temporary_.c_str());
  }
}

void AtomicFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor_, bytes.data(), bytes.size());
    if (count < 0 && errno != EINTR) {
      fail_to("write", path_, errno);
    }
    bytes.remove_prefix(count > 0 ? static_cast<std::size_t>(count) : 0);
  }
}

void AtomicFile::commit() {
  if (::fsync(descriptor_) != 0) {
    fail_to("write", path_, errno);
  }
  if (::close(std::exchange(descriptor_, -1)) != 0) {
    fail_to("write", path_, errno);
  }
  rename_or_fail(temporary_, path_);
  temporary_.clear();
  sync(parent_of(path_));
}

void write_file_atomically(const fs::path& path, std::string_view bytes) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

bool holds_only(const fs::path& path, const FileNames& files) {
  std::error_code ignored;
  return fs::is_directory(fs::symlink_status(path, ignored)) && first_foreign(path, files).empty();
}

void check_replaceable(const fs::path& path, const FileNames& files) {
  std::error_code ignored;
  const fs::file_status status = fs::symlink_status(path, ignored);
  if (!fs::exists(status)) {
    return;
  }
  if (!fs::is_directory(status)) {
    fail_to("replace", path, ENOTDIR);
  }
  if (const std::string foreign = first_foreign(path, files); !foreign.empty()) {
    fail(ErrorKind::run, "{}: expected a folder with nothing but {}, which may be replaced, found {} in it",
         path.string(), fmt::join(files, ", "), foreign);
  }
}

void remove_known_folder(const fs::path& path, const FileNames& files) {
  if (!is_there(path)) {
    return;
  }
  check_replaceable(path, files);
  // Under its own name a folder is whole to the last: a crash in the middle leaves a hidden part of it.
  const fs::path hidden = free_sibling(path, kTemporary);
  rename_or_fail(path, hidden);
  remove_files(hidden, files);
}

AtomicFolder::AtomicFolder(fs::path path, FileNames files)
    : final_(without_trailing_slash(std::move(path))), files_(std::move(files)) {
  check_replaceable(final_, files_);
  bool made = false;
  temporary_ = create_sibling(final_, [&](const fs::path& name) { return made = ::mkdir(name.c_str(), 0777) == 0; });
  if (!made) {
    fail_to("create folder", temporary_, errno);
  }
}

AtomicFolder::~AtomicFolder() {
  if (!temporary_.empty()) {
    remove_quietly(temporary_);
  }
}

void AtomicFolder::commit() {
  sync_all(temporary_);
  check_replaceable(final_, files_);
  if (is_there(final_)) {
    replace_folder(temporary_, final_, files_);
  } else {
    rename_or_fail(temporary_, final_);
    sync(parent_of(final_));
  }
  temporary_.clear();
}

void clear_leftovers(const fs::path& folder) {
  std::vector<fs::path> hidden;
  std::error_code missing;
  for (const auto& entry : fs::directory_iterator(folder, missing)) {
    hidden.push_back(entry.path());
  }
  for (const fs::path& path : hidden) {
    const auto leftover = parse_leftover(path.filename().string());
    if (!leftover) {
      continue;
    }
    const fs::path final_name = folder / leftover->name;
    if (leftover->purpose == kReplaced && !is_there(final_name)) {
      rename_or_fail(path, final_name);
    } else {
      remove_flat(path);
    }
  }
}

}  // namespace octet
