#pragma once

#include <cstddef>
#include <cstdint>

namespace octet::cpu {

/// Memory of the CPU backends, aligned to 64 bytes. Released blocks are kept for the next request of their size class:
/// a training step asks for the same sizes again and again, and fresh pages from the system cost more than the kernels
/// that write them.
void* allocate(std::size_t bytes);
void release(void* memory, std::size_t bytes);

/// How often allocate() found no kept block and asked the system; for tests that a loop has reached its steady state.
std::int64_t memory_misses();

/// Gives every kept block back to the system.
void trim_memory();

}  // namespace octet::cpu
