#include "text/text_files.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <system_error>

#include <linux/magic.h>
#include <sys/vfs.h>

#include "base/error.h"
#include "base/files/missing.h"
#include "base/files/read_file.h"
#include "text/interrupt_check.h"

namespace octet {

namespace {

namespace fs = std::filesystem;

constexpr double kMostControl = 0.05;

bool is_control(unsigned char byte) {
  const bool space = byte >= '\t' && byte <= '\r';
  return (byte < 0x20 && !space) || byte == 0x7F;
}

void append(TextFiles& files, const fs::path& path, const std::string& text) {
  files.text += text;
  files.ends.push_back(static_cast<std::int64_t>(files.text.size()));
  files.names.push_back(path.string());
}

void leave_out(TextFiles& files, const fs::path& path, const std::string& reason) {
  files.left_out.push_back(path.string() + ": " + reason);
}

/// Whether the files of the folder are answers of the kernel, as those of /proc: some never end, some never come.
bool is_made_by_kernel(const fs::path& folder) {
  struct statfs info = {};
  if (::statfs(folder.c_str(), &info) != 0) return false;
  constexpr std::array<std::uint64_t, 8> kKinds = {PROC_SUPER_MAGIC,   SYSFS_MAGIC,      DEBUGFS_MAGIC,
                                                   TRACEFS_MAGIC,      SECURITYFS_MAGIC, CGROUP2_SUPER_MAGIC,
                                                   CGROUP_SUPER_MAGIC, BPF_FS_MAGIC};
  return std::find(kKinds.begin(), kKinds.end(), static_cast<std::uint64_t>(info.f_type)) != kKinds.end();
}

/// The regular files below `folder`, hidden ones aside. What cannot be looked at is left out; nothing is opened, so a
/// pipe cannot hang.
void collect_files(const fs::path& folder, std::vector<fs::path>& paths, TextFiles& files) {
  if (is_made_by_kernel(folder)) {
    leave_out(files, folder, "a folder that the kernel makes up, without files of text");
    return;
  }
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    const fs::path& path = entry->path();
    if (path.filename().string().starts_with('.')) continue;
    std::error_code problem;
    const fs::file_status status = fs::status(path, problem);
    if (fs::is_regular_file(status)) {
      paths.push_back(path);
    } else if (fs::is_directory(status)) {
      if (fs::is_symlink(fs::symlink_status(path, problem))) {
        leave_out(files, path, "a link to a folder, which may lead back here");
      } else {
        collect_files(path, paths, files);
      }
    } else if (status.type() == fs::file_type::not_found) {
      leave_out(files, path, "a link to nothing");
    } else {
      leave_out(files, path, problem ? problem.message() : "neither a file nor a folder");
    }
  }
  if (error) leave_out(files, folder, error.message());
}

/// Why `path` could not be read, or "" and its bytes.
std::string try_read(const fs::path& path, std::string& text) {
  try {
    text = read_text_file(path);
    return text.empty() ? "empty" : why_not_text(text);
  } catch (const Error& error) {
    const std::string what = error.what();
    const std::string prefix = path.string() + ": ";
    return what.starts_with(prefix) ? what.substr(prefix.size()) : what;
  }
}

TextFiles read_folder(const std::string& path) {
  TextFiles files;
  std::vector<fs::path> paths;
  collect_files(path, paths, files);
  std::sort(paths.begin(), paths.end());
  InterruptCheck interrupt("reading the text");
  for (const fs::path& file : paths) {
    interrupt.look();
    std::string text;
    const std::string problem = try_read(file, text);
    if (problem.empty()) {
      append(files, file, text);
    } else {
      leave_out(files, file, problem);
    }
  }
  std::sort(files.left_out.begin(), files.left_out.end());
  if (files.names.empty()) {
    const std::string first = files.left_out.empty() ? "" : ", the first " + files.left_out.front();
    fail(ErrorKind::input, "{}: expected a folder with text files, found none among {} files{}", path,
         files.left_out.size(), first);
  }
  return files;
}

TextFiles read_single(const std::string& path) {
  const std::string text = read_text_file(path);
  if (text.empty()) fail(ErrorKind::input, "{}: expected text, the file is empty", path);
  const std::string problem = why_not_text(text);
  if (!problem.empty()) fail(ErrorKind::input, "{}: expected text, found {}", path, problem);
  TextFiles files;
  append(files, path, text);
  return files;
}

}  // namespace

std::string why_not_text(std::string_view bytes) {
  const std::size_t nul = bytes.find('\0');
  if (nul != std::string_view::npos) {
    const bool utf16 = bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF");
    return fmt::format("a NUL byte at offset {}{}", nul, utf16 ? " (UTF-16: convert it to UTF-8)" : "");
  }
  const auto control = std::count_if(bytes.begin(), bytes.end(), is_control);
  const double share = static_cast<double>(control) / static_cast<double>(std::max<std::size_t>(bytes.size(), 1));
  if (share <= kMostControl) return "";
  const auto first = std::find_if(bytes.begin(), bytes.end(), is_control) - bytes.begin();
  return fmt::format("{:.1f} % control characters, the first at offset {}; at most {:.0f} % pass for text", 100 * share,
                     first, 100 * kMostControl);
}

TextFiles read_text_files(const std::string& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  switch (status.type()) {
    case fs::file_type::regular:
      return read_single(path);
    case fs::file_type::directory:
      return read_folder(path);
    case fs::file_type::not_found:
      fail_missing(ErrorKind::input, path, "a file or folder of text",
                   path.ends_with("kjv.txt") || path.ends_with("austen.txt") ? "; scripts/corpus.sh makes it"
                                                                             : "; corpus.path=FILE names another text");
    case fs::file_type::none:
    case fs::file_type::unknown:
      fail(ErrorKind::input, "{}: {}", path, error.message());
    default:
      fail(ErrorKind::input, "{}: expected a file or folder, found something else", path);
  }
}

}  // namespace octet
