#include "base/files/system_call.h"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/error.h"

namespace octet {
namespace {

namespace fs = std::filesystem;

std::string reason(int error) {
  return std::generic_category().message(error);
}

}  // namespace

void fail_to(const char* what, const fs::path& path, int error) {
  fail(ErrorKind::run, "{}: cannot {}: {}", path.string(), what, reason(error));
}

void fail_to_read(const fs::path& path, int error) {
  fail(ErrorKind::input, "{}: cannot read: {}", path.string(), reason(error));
}

Descriptor::Descriptor(const fs::path& path, int flags) : value_(::open(path.c_str(), flags | O_CLOEXEC)) {}

Descriptor::~Descriptor() {
  if (value_ >= 0) {
    ::close(value_);
  }
}

fs::path parent_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(fs::symlink_status(path, ignored));
}

void make_durable(const fs::path& path) {
  const Descriptor file(path, O_RDONLY);
  if (file.get() < 0) {
    fail_to("open", path, errno);
  }
  if (::fsync(file.get()) != 0) {
    fail_to("sync", path, errno);
  }
}

void rename_or_fail(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) {
    fail_to("replace", to, errno);
  }
}

}  // namespace octet
