#include "tensor/cpu/memory.h"

#include <bit>
#include <cstdlib>
#include <map>
#include <mutex>
#include <vector>

#include "base/error.h"

namespace octet::cpu {
namespace {

constexpr std::size_t kAlignment = 64;

// Eight size classes for each power of two: at most 12.5 % is wasted.
std::size_t size_class(std::size_t bytes) {
  if (bytes <= 8 * kAlignment) {
    return (bytes + kAlignment - 1) / kAlignment * kAlignment + (bytes == 0 ? kAlignment : 0);
  }
  const std::size_t step = std::bit_floor(bytes) / 8;
  return (bytes + step - 1) / step * step;
}

struct FreeLists {
  std::mutex mutex;
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
  }
  void* memory = std::aligned_alloc(kAlignment, size);
  check(memory != nullptr, "[memory] expected {} bytes of free memory, the system has none left", bytes);
  return memory;
}

void release(void* memory, std::size_t bytes) {
  FreeLists& lists = free_lists();
  const std::lock_guard lock(lists.mutex);
  lists.blocks[size_class(bytes)].push_back(memory);
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
