#include "tensor/cuda/runtime/runtime.h"

#include <cstring>
#include <utility>
#include <vector>

#include "base/error.h"
#include "tensor/cuda_simulator/device_memory.h"
#include "tensor/cuda_simulator/simulator.h"

namespace octet::cuda {
namespace {

/// What was recorded, and blocks that were released meanwhile: no other work may get them, since a replay writes there.
struct Record {
  std::vector<std::function<void()>> work;
  std::vector<void*> released;
};
Record* recording = nullptr;

void refuse_record(const char* direction) {
  check(recording == nullptr, "[cuda] expected no copy {} the host while kernels are recorded", direction);
}

using simulator::check_range;
using simulator::DeviceAccess;

void copy(void* to, const void* from, std::size_t bytes) {
  const DeviceAccess access;
  if (bytes > 0) {
    std::memcpy(to, from, bytes);
  }
}

}  // namespace

const Device& device() {
  static Device device = {.available = true,
                          .reason = "",
                          .name = "simulated",
                          .versions = "simulator",
                          .processors = 2,
                          .memory_bytes = std::size_t{1} << 30};
  device.shared_bytes = simulator::shared_limit();
  return device;
}

void* allocate(std::size_t bytes) {
  return simulator::allocate_block(bytes);
}

void release(void* memory, std::size_t /*bytes*/) {
  if (recording != nullptr) {
    recording->released.push_back(memory);
  } else {
    simulator::free_block(memory);
  }
}

std::size_t free_memory() {
  return device().memory_bytes;
}

// A block of its own for each call: what is read must have been written by this call, and within these bytes.
void* workspace(std::size_t bytes) {
  static void* block = nullptr;
  if (block != nullptr) {
    release(block, 0);
  }
  block = simulator::allocate_block(bytes);
  return block;
}

void copy_to_device(void* to, const void* from, std::size_t bytes) {
  refuse_record("from");
  check_range("copy_to_device", to, bytes);
  copy(to, from, bytes);
}

void copy_to_host(void* to, const void* from, std::size_t bytes) {
  refuse_record("to");
  check_range("copy_to_host", from, bytes);
  copy(to, from, bytes);
}

void copy_on_device(void* to, const void* from, std::size_t bytes) {
  check_range("copy_on_device", to, bytes);
  check_range("copy_on_device", from, bytes);
  simulator::run_or_record([=] {
    ++simulator::started["copy"];
    copy(to, from, bytes);
  });
}

void set_zero(void* memory, std::size_t bytes) {
  check_range("set_zero", memory, bytes);
  simulator::run_or_record([=] {
    ++simulator::started["zero"];
    const DeviceAccess access;
    std::memset(memory, 0, bytes);
  });
}

void synchronize() {}

void begin_record() {
  check(recording == nullptr, "[cuda] expected one recording of kernels at a time, got a second");
  recording = new Record;
}

void* end_record() {
  return std::exchange(recording, nullptr);
}

void abandon_record() {
  forget(std::exchange(recording, nullptr));
}

void replay(void* record) {
  for (const auto& work : static_cast<Record*>(record)->work) {
    work();
  }
}

void forget(void* record) {
  auto* const forgotten = static_cast<Record*>(record);
  for (void* block : forgotten->released) {
    simulator::free_block(block);
  }
  delete forgotten;
}

void* stream() {
  return nullptr;
}

}  // namespace octet::cuda

void octet::simulator::run_or_record(std::function<void()> work) {
  if (cuda::recording != nullptr) {
    cuda::recording->work.push_back(std::move(work));
  } else {
    work();
  }
}
