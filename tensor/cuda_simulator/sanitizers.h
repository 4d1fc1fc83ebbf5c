#pragma once

#include <cstddef>

// Which sanitizer watches this build, and the words that the simulator says to it.

#if defined(__SANITIZE_ADDRESS__)
#define OCTET_ASAN
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define OCTET_ASAN
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define OCTET_TSAN
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define OCTET_TSAN
#endif
#endif

#ifdef OCTET_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef OCTET_TSAN
#include <sanitizer/tsan_interface.h>
extern "C" {
void AnnotateIgnoreReadsBegin(const char* file, int line);
void AnnotateIgnoreReadsEnd(const char* file, int line);
void AnnotateIgnoreWritesBegin(const char* file, int line);
void AnnotateIgnoreWritesEnd(const char* file, int line);
}
#endif

namespace octet::simulator {

#ifdef OCTET_ASAN
constexpr bool kAddressSanitizer = true;
#else
constexpr bool kAddressSanitizer = false;
#endif

/// From here on an access to these bytes is a mistake (address sanitizer).
inline void forbid([[maybe_unused]] void* memory, [[maybe_unused]] std::size_t bytes) {
#ifdef OCTET_ASAN
  ASAN_POISON_MEMORY_REGION(memory, bytes);
#endif
}
inline void permit([[maybe_unused]] void* memory, [[maybe_unused]] std::size_t bytes) {
#ifdef OCTET_ASAN
  ASAN_UNPOISON_MEMORY_REGION(memory, bytes);
#endif
}

/// What was written before a `publish` of a place is visible after an `observe` of it; accesses of two fibers without
/// such an order are a race (thread sanitizer).
inline void publish([[maybe_unused]] void* place) {
#ifdef OCTET_TSAN
  __tsan_release(place);
#endif
}
inline void observe([[maybe_unused]] void* place) {
#ifdef OCTET_TSAN
  __tsan_acquire(place);
#endif
}

/// While it lives, the accesses of this fiber are the simulator's own business: fibers take turns.
class Unwatched {
 public:
  Unwatched() {
#ifdef OCTET_TSAN
    AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
    AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
#endif
  }
  ~Unwatched() {
#ifdef OCTET_TSAN
    AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
    AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
#endif
  }
  Unwatched(const Unwatched&) = delete;
  Unwatched& operator=(const Unwatched&) = delete;
};

}  // namespace octet::simulator
