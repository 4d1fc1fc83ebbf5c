#include "base/failure_text.h"

#include <filesystem>
#include <new>
#include <system_error>

#include "base/error.h"

namespace octet {

std::string failure_text(const std::exception& failure) {
  if (const auto* error = dynamic_cast<const Error*>(&failure)) return error->what();
  if (const auto* file = dynamic_cast<const std::filesystem::filesystem_error*>(&failure)) {
    return fmt::format("{}: {}", file->path1().string(), file->code().message());
  }
  if (const auto* system = dynamic_cast<const std::system_error*>(&failure)) return system->code().message();
  if (dynamic_cast<const std::bad_alloc*>(&failure) != nullptr) return "out of memory";
  return fmt::format("a fault of this program: {}", failure.what());
}

}  // namespace octet
