#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

// A GPU made of fibers: one for each thread of a block, blocks one after another. A thread runs until it waits for
// others (a barrier, a shuffle) or ends; what it does between is not interrupted. So every run is the same, and which
// threads go first is a choice: a kernel that lacks a barrier gives another result when it is made otherwise.

/// CUDA's names for positions and sizes.
struct uint3 {
  unsigned x, y, z;
};
struct dim3 {
  unsigned x = 1, y = 1, z = 1;
  constexpr dim3(unsigned x_size = 1, unsigned y_size = 1, unsigned z_size = 1) : x(x_size), y(y_size), z(z_size) {}
  constexpr std::int64_t count() const { return std::int64_t{x} * y * z; }
};

namespace octet::simulator {

/// The order in which blocks run, and the threads of a block between two places where they wait. `shuffled` is another
/// order each time, and the same in each run of the program.
enum class Schedule { ascending, descending, shuffled };
void set_schedule(Schedule schedule);
Schedule schedule();

/// A line of a kernel. (std::source_location is not there for clang with the standard library of GCC 12.)
struct Place {
  std::string_view file;
  int line = 0;
  static constexpr Place here(const char* file = __builtin_FILE(), int line = __builtin_LINE()) { return {file, line}; }
  bool operator==(const Place&) const = default;
};

/// What a thread can wait for: all threads of the block, or the lanes of its warp that a mask names.
enum class Meeting { none, block_barrier, warp_barrier, shuffle, ballot, product };

/// A lane's parts of a product of its warp, as tensor/cuda/language/mma.h describes them. Words are floats, or four
/// int8 codes.
struct Fragments {
  bool floats;
  const void* a;  // 4 words
  const void* b;  // 2 words
  void* d;        // 4 floats or int32
};

/// One thread of the running block.
struct Thread {
  uint3 index{};   // threadIdx
  int number = 0;  // index in one dimension
  int lane() const { return number % 32; }

  // Where it waits. A shuffle gives the `value` of the lane `source`, a ballot one bit for each lane. `value` of a
  // product is the address of fragments.
  Meeting meeting = Meeting::none;
  unsigned mask = 0;
  int source = 0;
  std::uint64_t value = 0;
  std::uint64_t received = 0;
  Place where;
  bool has_waited = false;  // for the kernel before
};

/// What the words of language.h read while a kernel runs.
inline Thread* running = nullptr;
inline uint3 block_index{};
inline dim3 block_size, grid_size;
inline void* dynamic_shared_memory = nullptr;

/// A kernel starts when the one before has ended, or earlier and then waits for it itself (wait_for_previous).
enum class Start { in_order, early };

/// The running thread waits; for language.h and launch.h.
void wait_for_previous();
void wait_for_block(Place where);
void wait_for_warp(unsigned mask, Place where);
std::uint64_t shuffle(unsigned mask, std::uint64_t value, int source, Place where);
unsigned ballot(unsigned mask, bool predicate, Place where);
void multiply(const Fragments& fragments, Place where);

/// fetch_to_l2: fails where the address is in no block of device memory, and counts.
void fetch(const void* address);
inline std::int64_t fetched = 0;

/// Runs `thread` for every thread of the grid. Shared memory of the size given at launch is fresh for each block and
/// holds no sensible value; arrays declared __shared__ keep what the block before left. Errors, with the kernel, the
/// block and the threads: sizes that no chip has; threads that wait where the others never come; a write behind a block
/// of device memory; a thread of a kernel that starts early and does not wait; what the thread throws. Until the first
/// thread of a block has waited, such a kernel has no access to device memory.
void run_grid(const char* kernel, dim3 blocks, dim3 threads, std::size_t shared_bytes,
              const std::function<void()>& thread, Start start = Start::in_order);

/// The most shared memory that a block may ask for, in bytes. At the start OCTET_SIMULATED_SHARED_KIB of the
/// environment, or 99 KiB: the least that a chip grants for which Octet is compiled (8.6, 8.9 and 12.0). Source: CUDA
/// C++ Programming Guide, table "Technical specifications per compute capability".
std::size_t shared_limit();
void set_shared_limit(std::size_t bytes);

/// What was started on the device so far, by name: kernels, "product" (cuBLASLt), "copy" and "zero". Of a record, each
/// time that it runs.
inline std::map<std::string, int> started;

/// Whether the library of products has algorithms for int8, which a chip may lack.
inline bool library_has_int8 = true;

/// Work on the device: done at once, or kept while kernels are recorded (runtime.h).
void run_or_record(std::function<void()> work);

/// Fails where an argument of a kernel points to something else than device memory.
void check_argument(const char* kernel, const void* pointer);
template <typename T>
void check_argument(const char* /*kernel*/, const T& /*value*/) {}
template <typename T>
void check_argument(const char* kernel, T* const& pointer) {
  check_argument(kernel, static_cast<const void*>(pointer));
}

}  // namespace octet::simulator
