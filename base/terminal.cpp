#include "base/terminal.h"

#include <cstdlib>
#include <string_view>

#include <sys/ioctl.h>
#include <unistd.h>

namespace octet {

std::size_t terminal_columns(std::FILE* out) {
  constexpr std::size_t kDefaultColumns = 80;
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
