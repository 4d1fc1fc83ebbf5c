#pragma once

#include <cstdint>
#include <string>

namespace octet {

/// Bytes that this process may still take: what the system says is available (MemAvailable), or less where a control
/// group (a container's limit, version 1 or 2; its file cache counts as free) or `ulimit -v` allows less.
std::uint64_t available_memory();

/// Error (config) where `needed` is more than available_memory(), with both. `what` begins the message and names what
/// to make smaller: "train.batch: 64 rows of 256 tokens".
void check_memory(double needed, const std::string& what);

}  // namespace octet
