#pragma once

#include <string>

namespace octet {

/// The commit that this program was built from, as "f8bdb21c0a", or "f8bdb21c0a-dirty" where sources differ from it;
/// empty where the sources were in no repository.
std::string program_commit();

/// "octet 0.1.0, commit f8bdb21c0a"
std::string program_version();

}  // namespace octet
