#include "base/files/known_folder.h"

#include <cerrno>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <fmt/ranges.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files/hidden_name.h"
#include "base/files/system_call.h"

namespace octet {
namespace {

namespace fs = std::filesystem;

/// `runs/a/` and `runs/a` are the same folder, but only the second has a file name.
fs::path without_trailing_slash(fs::path path) {
  path = path.lexically_normal();
  return path.has_filename() ? path : path.parent_path();
}

/// Makes a folder and everything in it durable.
void make_all_durable(const fs::path& folder) {
  try {
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      if (entry.is_regular_file() || entry.is_directory()) {
        make_durable(entry.path());
      }
    }
  } catch (const fs::filesystem_error& error) {
    fail_to("sync", folder, error.code().value());
  }
  make_durable(folder);
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

/// Puts `fresh` in the place of the existing folder `old_one`, which is then removed.
void replace_folder(const fs::path& fresh, const fs::path& old_one, const FileNames& files) {
  // One step, so that a crash at any moment leaves one of the two under the final name.
  if (::renameat2(AT_FDCWD, fresh.c_str(), AT_FDCWD, old_one.c_str(), RENAME_EXCHANGE) == 0) {
    make_durable(parent_of(old_one));
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
  make_durable(parent_of(old_one));
  remove_files(away, files);
}

}  // namespace

void make_folder(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) {
    fail_to("create folder", path, error.value());
  }
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
  if (const fs::path name = final_.filename(); name.empty() || name == "." || name == "..") {
    fail(ErrorKind::run, "{}: expected the name of a folder of its own, which can be put in place whole",
         final_.string());
  }
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
  make_all_durable(temporary_);
  check_replaceable(final_, files_);
  if (is_there(final_)) {
    replace_folder(temporary_, final_, files_);
  } else {
    rename_or_fail(temporary_, final_);
    make_durable(parent_of(final_));
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
