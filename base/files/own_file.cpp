#include "base/files/own_file.h"

#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files/system_call.h"

namespace octet {

int open_own_file(const std::filesystem::path& path, int flags) {
  // O_NONBLOCK: to open a pipe would wait for its reader.
  const int descriptor = ::open(path.c_str(), flags | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);
  const int error = errno;
  struct stat info = {};
  const bool foreign = descriptor >= 0 ? ::fstat(descriptor, &info) != 0 || !S_ISREG(info.st_mode) || info.st_nlink != 1
                                       : error == ELOOP || error == ENXIO;
  if (foreign) {
    if (descriptor >= 0) {
      ::close(descriptor);
    }
    fail(ErrorKind::run, "{}: expected a file of this folder alone, found a link, a pipe or a device", path.string());
  }
  if (descriptor < 0) {
    fail_to("write", path, error);
  }
  return descriptor;
}

}  // namespace octet
