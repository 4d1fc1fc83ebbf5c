#include "base/files/hidden_name.h"

#include <atomic>

#include <fmt/core.h>
#include <unistd.h>

#include "base/files/system_call.h"

namespace octet {
namespace {

namespace fs = std::filesystem;

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

fs::path sibling(const fs::path& path, std::string_view purpose) {
  static std::atomic<int> counter = 0;
  return parent_of(path) / fmt::format(".{}.{}-{}-{}", path.filename().string(), purpose, ::getpid(), counter++);
}

fs::path free_sibling(const fs::path& path, std::string_view purpose) {
  fs::path name = sibling(path, purpose);
  while (is_there(name)) {
    name = sibling(path, purpose);
  }
  return name;
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

}  // namespace octet
