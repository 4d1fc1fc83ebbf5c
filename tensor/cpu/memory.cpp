#include "tensor/cpu/memory.h"

#include <cstdlib>
#include <mutex>

#ifdef __linux__
#include <sys/mman.h>
#endif

#include "base/error.h"
#include "tensor/free_lists.h"

namespace octet::cpu {
namespace {

constexpr std::size_t kAlignment = 64;
constexpr std::size_t kHugePage = 2 << 20;

/// Large blocks lie on huge pages where the system grants them: products walk down columns, and with pages of 4 KiB
/// nearly every step of such a walk misses the table of address translations.
void* allocate_block(std::size_t size) {
#ifdef __linux__
  if (size >= kHugePage) {
    void* memory = std::aligned_alloc(kHugePage, (size + kHugePage - 1) / kHugePage * kHugePage);
    if (memory != nullptr) {
      (void)madvise(memory, size, MADV_HUGEPAGE);  // a wish: refusing it changes nothing but the speed
    }
    return memory;
  }
#endif
  return std::aligned_alloc(kAlignment, size);
}

/// What was released, and how often that did not help.
struct Kept {
  std::mutex mutex;
  std::int64_t misses = 0;
  FreeLists lists;
};

Kept& kept() {
  static auto* kept = new Kept;  // never destroyed: tensors with static lifetime may be released after main()
  return *kept;
}

}  // namespace

void* allocate(std::size_t bytes) {
  const std::size_t size = size_class(bytes, kAlignment);
  {
    const std::lock_guard lock(kept().mutex);
    if (void* memory = kept().lists.take(size)) {
      return memory;
    }
    ++kept().misses;
  }
  void* memory = allocate_block(size);
  check(memory != nullptr, "[memory] expected {} bytes of free memory, the system has none left", bytes);
  return memory;
}

void release(void* memory, std::size_t bytes) {
  const std::lock_guard lock(kept().mutex);
  kept().lists.put(size_class(bytes, kAlignment), memory);
}

std::int64_t memory_misses() {
  const std::lock_guard lock(kept().mutex);
  return kept().misses;
}

void trim_memory() {
  const std::lock_guard lock(kept().mutex);
  kept().lists.clear([](std::size_t, void* memory) { std::free(memory); });
}

}  // namespace octet::cpu
