#include "base/terminal.h"

#include <charconv>
#include <cstdlib>
#include <string_view>
#include <system_error>

#include <sys/ioctl.h>
#include <unistd.h>

namespace octet {

namespace {

/// The number that COLUMNS of the environment holds; 0 where it holds none.
std::size_t wanted_columns() {
  constexpr std::size_t kMostColumns = 10'000;
  const char* text = std::getenv("COLUMNS");
  if (text == nullptr) return 0;
  const std::string_view digits = text;
  std::size_t columns = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), columns);
  const bool is_number = error == std::errc() && end == digits.data() + digits.size();
  return is_number && columns <= kMostColumns ? columns : 0;
}

}  // namespace

std::size_t terminal_columns(std::FILE* out) {
  constexpr std::size_t kDefaultColumns = 80;
  if (const std::size_t wanted = wanted_columns(); wanted > 0) {
    return wanted;
  }
  winsize size = {};
  if (ioctl(fileno(out), TIOCGWINSZ, &size) != 0 || size.ws_col == 0) {
    return kDefaultColumns;
  }
  return size.ws_col;
}

bool terminal_has_colours(std::FILE* out) {
  const char* term = std::getenv("TERM");
  const char* no_colour = std::getenv("NO_COLOR");
  const bool is_wanted = no_colour == nullptr || *no_colour == '\0';
  return is_wanted && isatty(fileno(out)) != 0 && term != nullptr && std::string_view(term) != "dumb";
}

}  // namespace octet
