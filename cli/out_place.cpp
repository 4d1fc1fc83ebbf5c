#include "cli/out_place.h"

#include "base/error.h"

namespace octet {
namespace {

namespace fs = std::filesystem;

bool is_one(const Replaceable& earlier) {
  try {
    return earlier.is_one();
  } catch (const Error&) {  // another file, or a broken one: not made here
    return false;
  }
}

}  // namespace

void check_out_folder(const fs::path& out, const FileNames& files, const Replaceable& earlier) {
  std::error_code ignored;
  const fs::file_status status = fs::symlink_status(out, ignored);
  if (!fs::exists(status)) return;
  if (!fs::is_directory(status)) {
    fail(ErrorKind::config, "--out: expected a new folder or {}, which is replaced, got the {} {}", earlier.name,
         fs::is_symlink(status) ? "link" : "file", out.string());
  }
  try {
    check_replaceable(out, files);
  } catch (const Error& error) {
    fail(ErrorKind::config, "--out: {}", error.what());
  }
  if (!fs::is_empty(out, ignored) && !is_one(earlier)) {
    fail(ErrorKind::config, "--out: expected a new folder or {}, which is replaced, got {}", earlier.name,
         out.string());
  }
}

void check_out_file(const fs::path& out, const Replaceable* earlier) {
  std::error_code ignored;
  if (!fs::exists(out, ignored)) return;
  if (earlier == nullptr) {
    fail(ErrorKind::config, "--out: expected a new file, since such a file does not tell who made it, got {}",
         out.string());
  }
  if (!fs::is_regular_file(out, ignored) || !is_one(*earlier)) {
    fail(ErrorKind::config, "--out: expected a new file or {}, which is replaced, got {}", earlier->name, out.string());
  }
}

void expect_another(const fs::path& source, const fs::path& out, const char* what) {
  std::error_code ignored;
  if (fs::exists(out, ignored) && fs::equivalent(source, out, ignored)) {
    fail(ErrorKind::config, "--out: expected another place than {}, got {}", what, out.string());
  }
}

void expect_outside(const fs::path& source, const fs::path& out, const char* what) {
  expect_another(source, out, what);
  std::error_code ignored;
  const fs::path inside = fs::weakly_canonical(out, ignored).lexically_relative(fs::weakly_canonical(source, ignored));
  if (!inside.empty() && *inside.begin() != ".." && inside != ".") {
    fail(ErrorKind::config, "--out: expected a place outside of {} {}, got {}", what, source.string(), out.string());
  }
}

}  // namespace octet
