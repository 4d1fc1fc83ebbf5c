#include "base/files/missing.h"

namespace octet {

void fail_missing(ErrorKind kind, const std::filesystem::path& path, std::string_view expected, std::string_view hint) {
  fail(kind, "{}: expected {}, found nothing there{}", path.string(), expected, hint);
}

}  // namespace octet
