#pragma once

#include <cstddef>

// The memory of the simulated device: a range of addresses of its own. It has no access rights but while a kernel or a
// copy runs, so that code of the host that touches it crashes at once with a message.

namespace octet::simulator {

/// Opens device memory while it lives. May be nested.
class DeviceAccess {
 public:
  DeviceAccess();
  ~DeviceAccess();
  DeviceAccess(const DeviceAccess&) = delete;
  DeviceAccess& operator=(const DeviceAccess&) = delete;
};

/// While it is open: closes it for a kernel that has not waited yet, and opens it again. What DeviceAccess opens or
/// closes afterwards counts.
void close_memory();
void open_memory();

bool is_device_memory(const void* address);

/// A block at a multiple of 256 bytes, filled with 0xFF: NaN, -1. Behind it lies a guard that nobody may touch: the
/// address sanitizer watches it, and freed blocks; in other builds it holds a pattern.
void* allocate_block(std::size_t bytes);
void free_block(void* memory);

/// Fails where `bytes` from `memory` on do not lie in one block that is in use.
void check_range(const char* what, const void* memory, std::size_t bytes);
/// Fails where somebody wrote to the guard of a block or to a freed one. Builds with the address sanitizer have no need
/// of it.
void check_guards(const char* kernel);

}  // namespace octet::simulator
