#include "cli/stored_config.h"

#include <string_view>
#include <system_error>

#include "base/error.h"
#include "base/files/read_file.h"

namespace octet {
namespace {

constexpr std::string_view kFirstLine = "# Written by Octet, up to the line \"# end\"\n";
constexpr std::string_view kLastLine = "# end";

std::string_view without_end_of_line(std::string_view text) {
  const std::size_t last = text.find_last_not_of("\r\n");
  return text.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

}  // namespace

std::string stored_config(const std::string& yaml) {
  return std::string(kFirstLine) + yaml + std::string(kLastLine) + "\n";
}

void check_whole_config(const std::filesystem::path& file) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(file, ignored)) {
    return;  // who reads it says what is wrong
  }
  const std::string text = read_text_file(file);
  if (text.starts_with(kFirstLine) && !without_end_of_line(text).ends_with("\n" + std::string(kLastLine))) {
    fail(ErrorKind::config,
         "{}: expected \"{}\" as the last line, as the first one says, found another: the file was cut, and defaults "
         "would stand for what is gone",
         file.string(), kLastLine);
  }
}

}  // namespace octet
