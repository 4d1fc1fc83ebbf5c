#pragma once

#include <string>
#include <vector>

namespace octet {

struct Report;

/// What was done, in three sentences: they stand below the title.
std::vector<std::string> summarize_run(const Report& report);

}  // namespace octet
