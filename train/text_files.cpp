#include "train/text_files.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "base/error.h"
#include "base/file.h"

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

std::vector<fs::path> files_below(const fs::path& folder) {
  std::vector<fs::path> paths;
  try {
    for (auto entry = fs::recursive_directory_iterator(folder); entry != fs::end(entry); ++entry) {
      const bool hidden = entry->path().filename().string().starts_with('.');
      if (hidden && entry->is_directory()) entry.disable_recursion_pending();
      if (!hidden && entry->is_regular_file()) paths.push_back(entry->path());
    }
  } catch (const fs::filesystem_error& error) {
    fail(ErrorKind::input, "{}: {}", error.path1().string(), error.code().message());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

TextFiles read_folder(const std::string& path) {
  TextFiles files;
  for (const fs::path& file : files_below(path)) {
    const std::string text = read_text_file(file);
    const std::string problem = text.empty() ? "empty" : why_not_text(text);
    if (problem.empty()) {
      append(files, file, text);
    } else {
      files.left_out.push_back(file.string() + ": " + problem);
    }
  }
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
      fail(ErrorKind::input, "{}: no such file or folder{}", path,
           path.ends_with("kjv.txt") || path.ends_with("austen.txt") ? "; scripts/corpus.sh makes it" : "");
    case fs::file_type::none:
    case fs::file_type::unknown:
      fail(ErrorKind::input, "{}: {}", path, error.message());
    default:
      fail(ErrorKind::input, "{}: expected a file or folder, found something else", path);
  }
}

}  // namespace octet
