#include "tensor/cuda_simulator/simulator.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <numeric>
#include <random>
#include <vector>

#include <fmt/ranges.h>

#include "base/error.h"
#include "tensor/cuda_simulator/device_memory.h"
#include "tensor/cuda_simulator/fiber.h"
#include "tensor/cuda_simulator/fragments.h"
#include "tensor/cuda_simulator/sanitizers.h"

namespace octet::simulator {
namespace {

constexpr int kWarp = 32;
constexpr unsigned char kGarbage = 0xFF;  // NaN as floats, -1 as ints

Schedule chosen_schedule = Schedule::ascending;

std::size_t initial_shared_limit() {
  constexpr std::size_t kSmallestChip = 99;
  const char* const text = std::getenv("OCTET_SIMULATED_SHARED_KIB");
  if (text == nullptr) {
    return kSmallestChip * 1024;
  }
  const std::string_view value(text);
  std::size_t kib = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), kib);
  check(error == std::errc() && end == value.data() + value.size() && kib > 0,
        "[simulator] expected OCTET_SIMULATED_SHARED_KIB to be a number of KiB, got {}", value);
  return kib * 1024;
}
std::size_t chosen_shared_limit = initial_shared_limit();

/// 0 .. count - 1 in the order of the schedule.
class Order {
 public:
  explicit Order(std::int64_t count) : order_(static_cast<std::size_t>(count)) {
    std::iota(order_.begin(), order_.end(), 0);
    if (chosen_schedule == Schedule::descending) {
      std::reverse(order_.begin(), order_.end());
    }
  }
  const std::vector<int>& next() {
    if (chosen_schedule == Schedule::shuffled) {
      std::shuffle(order_.begin(), order_.end(), random_);
    }
    return order_;
  }

 private:
  std::vector<int> order_;
  std::mt19937 random_{7};
};

/// Fibers are made once and kept: a stack costs more than what a thread does on it.
Fiber& fiber(std::size_t number) {
  static std::vector<std::unique_ptr<Fiber>> fibers;
  while (fibers.size() <= number) {
    fibers.push_back(std::make_unique<Fiber>());
  }
  if (!fibers[number]->ended()) {  // left behind by a kernel that failed
    fibers[number] = std::make_unique<Fiber>();
  }
  return *fibers[number];
}

/// "0-31, 40"
std::string ranges(const std::vector<int>& numbers) {
  std::vector<std::string> parts;
  for (std::size_t first = 0, last = 0; first < numbers.size(); first = last + 1) {
    for (last = first; last + 1 < numbers.size() && numbers[last + 1] == numbers[last] + 1;) {
      ++last;
    }
    parts.push_back(first == last ? fmt::format("{}", numbers[first])
                                  : fmt::format("{}-{}", numbers[first], numbers[last]));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string_view name_of(Meeting meeting) {
  switch (meeting) {
    case Meeting::none:
      return "nothing";
    case Meeting::block_barrier:
      return "__syncthreads";
    case Meeting::warp_barrier:
      return "__syncwarp";
    case Meeting::shuffle:
      return "a shuffle";
    case Meeting::ballot:
      return "a ballot";
    case Meeting::product:
      return "a product";
  }
  return "unknown";
}

/// The threads of one block, from start to end.
class Block {
 public:
  Block(const char* kernel, dim3 size) : kernel_(kernel), threads_(static_cast<std::size_t>(size.count())) {
    for (std::size_t i = 0; i < threads_.size(); ++i) {
      const auto number = static_cast<unsigned>(i);
      threads_[i].number = static_cast<int>(number);
      threads_[i].index = {number % size.x, number / size.x % size.y, number / size.x / size.y};
      fibers_.push_back(&fiber(i));
    }
  }

  // One block sees what those before it wrote: they share the memory of `__shared__`.
  ~Block() {
    for (Fiber* each : fibers_) {
      each->join();
    }
  }
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  void run(const std::function<void()>& body, Order& order) {
    for (Fiber* each : fibers_) {
      each->start(body);
    }
    while (resume_all(order)) {
      if (!release_block()) {
        release_warps();
      }
    }
    for (const Fiber* each : fibers_) {
      if (!each->ended()) {
        fail_stuck();
      }
    }
  }

 private:
  /// Runs each thread that does not wait until it does. False: there was none.
  bool resume_all(Order& order) {
    bool any = false;
    for (const int i : order.next()) {
      const auto number = static_cast<std::size_t>(i);
      if (!fibers_[number]->ended() && threads_[number].meeting == Meeting::none) {
        running = &threads_[number];
        fibers_[number]->resume();
        any = true;
      }
    }
    return any;
  }

  bool release_block() {
    for (std::size_t i = 0; i < threads_.size(); ++i) {
      if (fibers_[i]->ended() || threads_[i].meeting != Meeting::block_barrier ||
          threads_[i].where != threads_[0].where) {
        return false;
      }
    }
    for (Thread& thread : threads_) {
      thread.meeting = Meeting::none;
    }
    return true;
  }

  void release_warps() {
    for (std::size_t begin = 0; begin < threads_.size(); begin += kWarp) {
      for (std::size_t i = begin; i < std::min(begin + kWarp, threads_.size()); ++i) {
        if (!fibers_[i]->ended() && threads_[i].meeting > Meeting::block_barrier) {
          release_lanes(&threads_[begin], threads_[i]);
        }
      }
    }
  }

  /// Lets the lanes that `asking` waits for go on, if all of them have come.
  void release_lanes(Thread* warp, const Thread& asking) {
    const unsigned mask = asking.mask;
    const Meeting meeting = asking.meeting;
    unsigned votes = 0;
    const Fragments* fragments[kWarp] = {};
    for (unsigned rest = mask; rest != 0; rest &= rest - 1) {
      const int lane = std::countr_zero(rest);
      const auto number = static_cast<std::size_t>(warp->number + lane);
      if (number >= threads_.size() || fibers_[number]->ended() || warp[lane].meeting != meeting ||
          warp[lane].mask != mask) {
        return;
      }
      votes |= static_cast<unsigned>(warp[lane].value & 1) << lane;
      fragments[lane] = reinterpret_cast<const Fragments*>(warp[lane].value);
    }
    if (meeting == Meeting::product) {
      multiply_warp(fragments);
    }
    for (unsigned rest = mask; rest != 0; rest &= rest - 1) {
      Thread& thread = warp[std::countr_zero(rest)];
      thread.received = meeting == Meeting::shuffle ? warp[thread.source].value : votes;
      thread.meeting = Meeting::none;
    }
  }

  [[noreturn]] void fail_stuck() const {
    std::map<std::string, std::vector<int>> groups;
    for (std::size_t i = 0; i < threads_.size(); ++i) {
      const Thread& thread = threads_[i];
      std::string state = "have ended";
      if (!fibers_[i]->ended()) {
        state = fmt::format("wait at {} in {}:{}", name_of(thread.meeting), thread.where.file, thread.where.line);
        if (thread.meeting != Meeting::block_barrier) {
          state += fmt::format(" for the lanes {:#010x}", thread.mask);
        }
      }
      groups[state].push_back(thread.number);
    }
    std::vector<std::string> parts;
    for (const auto& [state, numbers] : groups) {
      parts.push_back(fmt::format("threads {} {}", ranges(numbers), state));
    }
    fail(ErrorKind::run,
         "[{}] block ({}, {}, {}): expected all threads of a block at the same barrier, and all lanes of a mask at the "
         "same exchange; {}",
         kernel_, block_index.x, block_index.y, block_index.z, fmt::join(parts, "; "));
  }

  const char* kernel_;
  std::vector<Thread> threads_;
  std::vector<Fiber*> fibers_;
};

void check_sizes(const char* kernel, dim3 blocks, dim3 threads, std::size_t shared_bytes) {
  // CUDA C++ Programming Guide, table "Technical specifications per compute capability", 9.0.
  constexpr unsigned kMaxBlocksYZ = 65535;
  constexpr std::int64_t kMaxThreads = 1024;
  check(blocks.count() > 0 && blocks.x <= 0x7FFFFFFFU && blocks.y <= kMaxBlocksYZ && blocks.z <= kMaxBlocksYZ,
        "[{}] expected 1 to (2147483647, 65535, 65535) blocks, got ({}, {}, {})", kernel, blocks.x, blocks.y, blocks.z);
  check(threads.count() > 0 && threads.count() <= kMaxThreads && threads.z <= 64,
        "[{}] expected 1 to 1024 threads, at most 64 in z, got ({}, {}, {})", kernel, threads.x, threads.y, threads.z);
  check(shared_bytes <= shared_limit(), "[{}] expected at most {} bytes of shared memory, got {}", kernel,
        shared_limit(), shared_bytes);
}

/// The running thread gives up its turn until it has met the others.
void meet(Meeting meeting, unsigned mask, std::uint64_t value, int source, Place where) {
  Thread& self = *running;
  if (meeting != Meeting::block_barrier) {
    check((mask >> self.lane() & 1) != 0, "[simulator] {} in {}:{}: lane {} is not in its own mask {:#010x}",
          name_of(meeting), where.file, where.line, self.lane(), mask);
  }
  check((mask >> source & 1) != 0,
        "[simulator] {} in {}:{}: lane {} reads from lane {}, which is not in the mask "
        "{:#010x}",
        name_of(meeting), where.file, where.line, self.lane(), source, mask);
  {
    const Unwatched unwatched;
    self.meeting = meeting;
    self.mask = mask;
    self.value = value;
    self.source = source;
    self.where = where;
  }
  Fiber::yield();
}

}  // namespace

void set_schedule(Schedule schedule) {
  chosen_schedule = schedule;
}

Schedule schedule() {
  return chosen_schedule;
}

std::size_t shared_limit() {
  return chosen_shared_limit;
}

void set_shared_limit(std::size_t bytes) {
  chosen_shared_limit = bytes;
}

void wait_for_block(Place where) {
  static char place;
  publish(&place);
  meet(Meeting::block_barrier, 0xFFFFFFFFU, 0, 0, where);
  observe(&place);
}

void wait_for_warp(unsigned mask, Place where) {
  static char places[kWarp];  // of the warps of a block, which are at most as many as a warp has lanes
  char* place = &places[running->number / kWarp];
  publish(place);
  meet(Meeting::warp_barrier, mask, 0, std::countr_zero(mask), where);
  observe(place);
}

// An exchange of values orders nothing that was written to memory: CUDA does not promise it.
std::uint64_t shuffle(unsigned mask, std::uint64_t value, int source, Place where) {
  Thread& self = *running;
  meet(Meeting::shuffle, mask, value, source, where);
  return self.received;
}

unsigned ballot(unsigned mask, bool predicate, Place where) {
  Thread& self = *running;
  meet(Meeting::ballot, mask, predicate ? 1 : 0, self.lane(), where);
  return static_cast<unsigned>(self.received);
}

void multiply(const Fragments& fragments, Place where) {
  meet(Meeting::product, 0xFFFFFFFFU, reinterpret_cast<std::uint64_t>(&fragments), running->lane(), where);
}

void wait_for_previous() {
  const Unwatched unwatched;
  running->has_waited = true;
  open_memory();
}

void run_grid(const char* kernel, dim3 blocks, dim3 threads, std::size_t shared_bytes,
              const std::function<void()>& thread, Start start) {
  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);
  check_sizes(kernel, blocks, threads, shared_bytes);
  ++started[kernel];
  const Unwatched unwatched;
  const DeviceAccess access;
  block_size = threads;
  grid_size = blocks;
  const std::function<void()> waiting_thread = [&] {
    thread();
    check(running->has_waited, "[{}] expected every thread to wait for the kernel before, thread {} does not", kernel,
          running->number);
  };
  Order block_order(blocks.count());
  Order thread_order(threads.count());
  for (const int i : block_order.next()) {
    const auto number = static_cast<unsigned>(i);
    block_index = {number % blocks.x, number / blocks.x % blocks.y, number / blocks.x / blocks.y};
    const std::unique_ptr<unsigned char[]> shared(new unsigned char[shared_bytes]);  // of the exact size
    std::memset(shared.get(), kGarbage, shared_bytes);
    dynamic_shared_memory = shared.get();
    if (start == Start::early) {
      close_memory();
      Block(kernel, threads).run(waiting_thread, thread_order);
    } else {
      Block(kernel, threads).run(thread, thread_order);
    }
  }
  check_guards(kernel);
}

void fetch(const void* address) {
  const Unwatched unwatched;
  check_range("fetch_to_l2", address, 1);
  ++fetched;
}

void check_argument(const char* kernel, const void* pointer) {
  check(pointer == nullptr || is_device_memory(pointer), "[{}] expected device memory, got an address of the host",
        kernel);
}

}  // namespace octet::simulator
