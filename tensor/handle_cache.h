#pragma once

#include <cstddef>
#include <new>

namespace octet {

/// Freed memory of `kBytes` of one thread, where tensor handles were, kept for the next request: every operation makes
/// a tensor and drops another, and generation asks for nothing else.
///
/// Threads: each has a cache of its own, so nothing is locked. A handle may die on another thread than the one that
/// made it; its memory then stays with the thread where it died, at most kLimit blocks of it.
template <std::size_t kBytes>
class HandleCache {
 public:
  static void* take() {
    if (first == nullptr) {
      return ::operator new(kBytes);
    }
    Node* node = first;
    first = node->next;
    --count;
    return node;
  }

  static void keep(void* memory) {
    if (count == kLimit) {
      ::operator delete(memory);
      return;
    }
    static thread_local const Cleaner cleaner;
    first = ::new (memory) Node{first};
    ++count;
  }

 private:
  struct Node {
    Node* next;
  };
  static_assert(kBytes >= sizeof(Node));

  /// Empties the cache when its thread ends. Tensors with static lifetime are released later still: those find it full.
  struct Cleaner {
    ~Cleaner() {
      while (first != nullptr) {
        ::operator delete(take());
      }
      count = kLimit;
    }
  };

  static constexpr int kLimit = 4096;  // a thread that frees what others allocate must not hoard
  // Without destructors, so that they can be read to the very end of the thread.
  static constinit inline thread_local Node* first = nullptr;
  static constinit inline thread_local int count = 0;
};

/// For std::allocate_shared: single objects come from the HandleCache of their size.
template <typename T>
struct HandleAllocator {
  using value_type = T;

  HandleAllocator() = default;
  template <typename Other>
  HandleAllocator(const HandleAllocator<Other>&) {}

  T* allocate(std::size_t n) {
    static_assert(alignof(T) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__);
    return static_cast<T*>(n == 1 ? HandleCache<sizeof(T)>::take() : ::operator new(n * sizeof(T)));
  }
  void deallocate(T* memory, std::size_t n) {
    n == 1 ? HandleCache<sizeof(T)>::keep(memory) : ::operator delete(memory);
  }

  bool operator==(const HandleAllocator&) const = default;
};

}  // namespace octet
