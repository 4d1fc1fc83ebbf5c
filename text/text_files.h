#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace octet {

/// The text of one file or of all text files below a folder.
struct TextFiles {
  std::string text;                   ///< all files, one after the other
  std::vector<std::int64_t> ends;     ///< where each file ends in `text`
  std::vector<std::string> names;     ///< path of each file, in the order of `text`
  std::vector<std::string> left_out;  ///< of the folder, not read or not text: "path: reason"
};

/// Reads `path`. Of a folder: every file below it, ordered by path, hidden ones (a name that begins with a dot) aside;
/// those that are empty, not text or not readable are left out by name, as are dangling and looping links, pipes,
/// sockets, devices and folders that cannot be opened. Links to folders are not followed. Bytes are kept as they are:
/// any encoding without NUL bytes will do.
///
/// Error (input) with the path: not there, not readable, empty, not text, a folder without text files.
TextFiles read_text_files(const std::string& path);

/// Why `bytes` are not text, or "" if they are. Text holds no NUL byte, and at most 5 % of it are control characters
/// other than tab, line feed, vertical tab, form feed and carriage return.
std::string why_not_text(std::string_view bytes);

}  // namespace octet
