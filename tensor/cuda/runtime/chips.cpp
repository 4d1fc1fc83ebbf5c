#include "tensor/cuda/runtime/chips.h"

#include <charconv>

namespace octet::cuda {
namespace {

bool entry_covers(std::string_view entry, int chip) {
  int number = 0;
  const auto [end, error] = std::from_chars(entry.data(), entry.data() + entry.size(), number);
  if (error != std::errc()) {
    return true;  // native, all, all-major
  }
  const std::string_view rest(end, static_cast<std::size_t>(entry.data() + entry.size() - end));
  if (rest.starts_with('a')) {
    return chip == number;
  }
  const bool machine_code = !rest.ends_with("-virtual") && chip / 10 == number / 10 && chip >= number;
  const bool ptx = !rest.ends_with("-real") && chip >= number;
  return machine_code || ptx;
}

}  // namespace

bool chip_is_covered(std::string_view compiled, int major, int minor) {
  while (!compiled.empty()) {
    const std::string_view entry = compiled.substr(0, compiled.find(','));
    if (entry_covers(entry, 10 * major + minor)) {
      return true;
    }
    compiled.remove_prefix(entry.size() < compiled.size() ? entry.size() + 1 : compiled.size());
  }
  return false;
}

}  // namespace octet::cuda
