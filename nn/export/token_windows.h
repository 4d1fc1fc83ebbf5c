#pragma once

#include <cstdint>
#include <vector>

namespace octet {

/// Stretches of a text that a model reads one by one: of the same length, at least 2 tokens.
using TokenWindows = std::vector<std::vector<std::int32_t>>;

}  // namespace octet
