#include "tensor/cuda_simulator/device_memory.h"

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <map>
#include <mutex>
#include <string_view>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "tensor/cuda_simulator/sanitizers.h"

namespace octet::simulator {
namespace {

constexpr std::size_t kReserved = std::size_t{64} << 30;  // addresses, not memory
constexpr std::size_t kGrowth = 4 << 20;                  // a multiple of the size of a page
constexpr std::size_t kAlignment = 256;
constexpr std::size_t kGuard = 256;  // at least as many bytes lie between two blocks
constexpr unsigned char kFresh = 0xFF;
constexpr unsigned char kGuardPattern = 0xA5;

struct Block {
  std::size_t bytes = 0;
  std::size_t reserved = 0;  // with the guard behind it
  bool in_use = false;
};

struct Arena {
  std::recursive_mutex mutex;
  char* begin = nullptr;
  std::size_t used = kGuard;
  std::size_t grown = 0;  // bytes that open() makes accessible
  int opened = 0;
  bool closed = false;  // by close_memory
  std::map<const char*, Block> blocks;
  std::map<std::size_t, std::vector<char*>> freed;  // by reserved bytes
};

void explain_crash(int signal, siginfo_t* info, void* /*context*/) {
  if (is_device_memory(info->si_addr)) {
    constexpr std::string_view kMessage =
        "host code touched device memory, or a kernel what was never allocated, or what it has not waited for\n";
    (void)!write(STDERR_FILENO, kMessage.data(), kMessage.size());
  }
  std::signal(signal, SIG_DFL);  // the access is repeated, and ends the program
}

Arena& arena() {
  static Arena* arena = [] {
    auto* made = new Arena;  // never destroyed: tensors with static lifetime may be released after main()
    void* memory = mmap(nullptr, kReserved, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    check(memory != MAP_FAILED, "[simulator] cannot reserve addresses for device memory");
    made->begin = static_cast<char*>(memory);
    return made;
  }();
  static const bool handler = [] {
    struct sigaction action {};
    action.sa_sigaction = explain_crash;
    action.sa_flags = SA_SIGINFO;
    return sigaction(SIGSEGV, &action, nullptr) == 0;
  }();
  (void)handler;
  return *arena;
}

void set_access(Arena& a, int rights) {
  check(a.grown == 0 || mprotect(a.begin, a.grown, rights) == 0, "[simulator] cannot change rights of device memory");
}

/// Fresh addresses for a block and its guard.
char* extend(Arena& a, std::size_t reserved) {
  char* memory = a.begin + a.used;
  a.used += reserved;
  check(a.used <= kReserved, "[simulator] expected at most {} bytes of device memory", kReserved);
  if (a.used > a.grown) {
    a.grown = std::min(kReserved, (a.used + kGrowth - 1) / kGrowth * kGrowth);
    set_access(a, PROT_READ | PROT_WRITE);
  }
  return memory;
}

bool holds(const char* memory, std::size_t bytes, unsigned char pattern) {
  return std::all_of(memory, memory + bytes, [=](char byte) { return static_cast<unsigned char>(byte) == pattern; });
}

}  // namespace

DeviceAccess::DeviceAccess() {
  Arena& a = arena();
  a.mutex.lock();
  if (a.opened++ == 0) {
    set_access(a, PROT_READ | PROT_WRITE);
    a.closed = false;
  }
}

DeviceAccess::~DeviceAccess() {
  Arena& a = arena();
  if (--a.opened == 0) {
    set_access(a, PROT_NONE);
  }
  a.mutex.unlock();
}

void close_memory() {
  Arena& a = arena();
  set_access(a, PROT_NONE);
  a.closed = true;
}

void open_memory() {
  Arena& a = arena();
  if (a.closed) {
    set_access(a, PROT_READ | PROT_WRITE);
    a.closed = false;
  }
}

bool is_device_memory(const void* address) {
  const Arena& a = arena();
  return address >= a.begin && address < a.begin + kReserved;
}

void* allocate_block(std::size_t bytes) {
  const DeviceAccess access;
  Arena& a = arena();
  const std::size_t reserved = (bytes + kGuard + kAlignment - 1) / kAlignment * kAlignment;
  auto& freed = a.freed[reserved];
  char* memory = nullptr;
  if (freed.empty()) {
    memory = extend(a, reserved);
  } else {
    memory = freed.back();
    freed.pop_back();
    if (!kAddressSanitizer) {
      check(holds(memory, a.blocks[memory].bytes, kFresh), "[simulator] a kernel wrote to a block that was freed");
    }
  }
  a.blocks[memory] = {bytes, reserved, true};
  permit(memory, bytes);
  std::memset(memory, kFresh, bytes);
  if (!kAddressSanitizer) {
    std::memset(memory + bytes, kGuardPattern, reserved - bytes);
  }
  forbid(memory + bytes, reserved - bytes);
  return memory;
}

void free_block(void* memory) {
  const DeviceAccess access;
  Block& block = arena().blocks.at(static_cast<char*>(memory));
  check(block.in_use, "[simulator] expected a block in use, got one that was freed before");
  block.in_use = false;
  std::memset(memory, kFresh, block.bytes);
  forbid(memory, block.bytes);
  arena().freed[block.reserved].push_back(static_cast<char*>(memory));
}

void check_range(const char* what, const void* memory, std::size_t bytes) {
  if (bytes == 0) {
    return;
  }
  const Arena& a = arena();
  const auto* begin = static_cast<const char*>(memory);
  auto next = a.blocks.upper_bound(begin);
  check(is_device_memory(memory) && next != a.blocks.begin(), "[{}] expected device memory, got an address of the host",
        what);
  const auto& [start, block] = *--next;
  check(block.in_use && begin + bytes <= start + block.bytes, "[{}] expected {} bytes within a block of {} at {}{}",
        what, bytes, block.bytes, begin - start, block.in_use ? "" : ", which was freed");
}

void check_guards(const char* kernel) {
  if (kAddressSanitizer) {
    return;
  }
  const DeviceAccess access;
  for (const auto& [memory, block] : arena().blocks) {
    check(holds(memory + block.bytes, block.reserved - block.bytes, kGuardPattern),
          "[{}] a write behind a block of {} bytes", kernel, block.bytes);
  }
}

}  // namespace octet::simulator
