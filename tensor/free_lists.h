#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <map>
#include <vector>

namespace octet {

/// What a request for `bytes` is rounded up to, so that a released block serves later requests of about its size: eight
/// classes for each power of two waste at most 12.5 %. A multiple of `alignment`, which is a power of two.
inline std::size_t size_class(std::size_t bytes, std::size_t alignment) {
  const std::size_t step = bytes <= 8 * alignment ? alignment : std::bit_floor(bytes) / 8;
  return std::max(alignment, (bytes + step - 1) / step * step);
}

/// Released blocks of memory that wait for the next request of their size class. Callers lock.
class FreeLists {
 public:
  void put(std::size_t size, void* memory) { blocks_[size].push_back(memory); }

  /// A block of that class, or null.
  void* take(std::size_t size) {
    std::vector<void*>& blocks = blocks_[size];
    if (blocks.empty()) {
      return nullptr;
    }
    void* memory = blocks.back();
    blocks.pop_back();
    return memory;
  }

  /// Calls away(size, memory) with every block and forgets them.
  template <class Away>
  void clear(Away away) {
    for (auto& [size, blocks] : blocks_) {
      for (void* memory : blocks) {
        away(size, memory);
      }
      blocks.clear();
    }
  }

 private:
  std::map<std::size_t, std::vector<void*>> blocks_;
};

}  // namespace octet
