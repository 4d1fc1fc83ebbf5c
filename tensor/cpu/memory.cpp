#include "tensor/cpu/memory.h"

#include <bit>
#include <cstdlib>
#include <map>
#include <mutex>
#include <vector>

#ifdef __linux__
#include <sys/mman.h>
#endif

#include "base/error.h"

namespace octet::cpu {
namespace {

constexpr std::size_t kAlignment = 64;
constexpr std::size_t kHugePage = 2 << 20;

// Eight size classes for each power of two: at most 12.5 % is wasted.
std::size_t size_class(std::size_t bytes) {
  if (bytes <= 8 * kAlignment) {
    return (bytes + kAlignment - 1) / kAlignment * kAlignment + (bytes == 0 ? kAlignment : 0);
  }
  const std::size_t step = std::bit_floor(bytes) / 8;
  return (bytes + step - 1) / step * step;
}

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

struct FreeLists {
  std::mutex mutex;
  std::int64_t misses = 0;
  std::map<std::size_t, std::vector<void*>> blocks;  // by size class
};

FreeLists& free_lists() {
  static auto* lists = new FreeLists;  // never destroyed: tensors with static lifetime may be released after main()
  return *lists;
}

}  // namespace

void* allocate(std::size_t bytes) {
  const std::size_t size = size_class(bytes);
  {
    FreeLists& lists = free_lists();
    const std::lock_guard lock(lists.mutex);
    auto& blocks = lists.blocks[size];
    if (!blocks.empty()) {
      void* memory = blocks.back();
      blocks.pop_back();
      return memory;
    }
    ++lists.misses;
  }
  void* memory = allocate_block(size);
  check(memory != nullptr, "[memory] expected {} bytes of free memory, the system has none left", bytes);
  return memory;
}

void release(void* memory, std::size_t bytes) {
  FreeLists& lists = free_lists();
  const std::lock_guard lock(lists.mutex);
  lists.blocks[size_class(bytes)].push_back(memory);
}

std::int64_t memory_misses() {
  FreeLists& lists = free_lists();
  const std::lock_guard lock(lists.mutex);
  return lists.misses;
}

void trim_memory() {
  FreeLists& lists = free_lists();
  const std::lock_guard lock(lists.mutex);
  for (auto& [size, blocks] : lists.blocks) {
    for (void* memory : blocks) {
      std::free(memory);
    }
    blocks.clear();
  }
}

}  // namespace octet::cpu
