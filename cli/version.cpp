#include "cli/version.h"

#include "octet_commit.h"  // written by the build (cmake/Commit.cmake)

namespace octet {

std::string program_commit() {
  return OCTET_COMMIT;
}

std::string program_version() {
  const std::string commit = program_commit();
  return "octet " OCTET_VERSION + (commit.empty() ? std::string() : ", commit " + commit);
}

}  // namespace octet
