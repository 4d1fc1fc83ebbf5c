#include "train/run_log.h"

#include <cerrno>
#include <cstring>
#include <ctime>
#include <utility>

#include <fcntl.h>
#include <stdio.h>

#include "base/error.h"
#include "base/files/own_file.h"

namespace octet {

RunLog::RunLog(std::filesystem::path path)
    : path_(std::move(path)), file_(::fdopen(open_own_file(path_, O_WRONLY | O_APPEND), "a")) {
  check(file_ != nullptr, "{}: cannot write: {}", path_.string(), std::strerror(errno));
}

RunLog::~RunLog() {
  std::fclose(file_);
}

void RunLog::write(std::string_view line) {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  char stamp[32];
  std::strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%SZ", &utc);
  fmt::print(file_, "{} {}\n", static_cast<const char*>(stamp), line);
  if (std::fflush(file_) != 0) {
    fail(ErrorKind::run, "{}: cannot write: {}", path_.string(), std::strerror(errno));
  }
}

}  // namespace octet
