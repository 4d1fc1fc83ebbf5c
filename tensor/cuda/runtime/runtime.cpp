#include "tensor/cuda/runtime/runtime.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

#include <cublasLt.h>
#include <cuda_runtime.h>

#include "base/error.h"
#include "tensor/cuda/runtime/chips.h"
#include "tensor/cuda/runtime/cublaslt_library.h"
#include "tensor/free_lists.h"

namespace octet::cuda {
namespace {

constexpr std::size_t kAlignment = 256;

void check_call(cudaError_t status, const char* call) {
  if (status != cudaSuccess) {
    fail(ErrorKind::run, "[cuda] {}: {} ({})", call, cudaGetErrorString(status), cudaGetErrorName(status));
  }
}

std::string version(int number) {  // 13000 is 13.0
  return fmt::format("{}.{}", number / 1000, number % 1000 / 10);
}

Device absent(std::string reason) {
  Device device;
  device.reason = std::move(reason);
  return device;
}

Device look_up() {
  int count = 0;  // the call leaves it alone where it fails
  const cudaError_t status = cudaGetDeviceCount(&count);
  int driver = 0;
  if (cudaDriverGetVersion(&driver) == cudaSuccess && driver == 0) {
    return absent(fmt::format("no NVIDIA driver (CUDA says: {})", cudaGetErrorString(status)));
  }
  if (status != cudaSuccess || count == 0) {
    return absent(fmt::format("no NVIDIA GPU (CUDA says: {})", cudaGetErrorString(status)));
  }
  cudaDeviceProp properties{};
  if (const cudaError_t error = cudaGetDeviceProperties(&properties, 0); error != cudaSuccess) {
    return absent(fmt::format("the NVIDIA GPU does not answer (CUDA says: {})", cudaGetErrorString(error)));
  }
  if (!chip_is_covered(OCTET_CUDA_CHIPS, properties.major, properties.minor)) {
    return absent(fmt::format("the {} is a chip {}.{}, and Octet was compiled for {} (CMAKE_CUDA_ARCHITECTURES)",
                              properties.name, properties.major, properties.minor, OCTET_CUDA_CHIPS));
  }
  if (const std::string missing = missing_cublaslt(); !missing.empty()) {
    return absent(missing);
  }
  int runtime = 0;
  (void)cudaRuntimeGetVersion(&runtime);
  const std::size_t lt = cublasLtGetVersion();  // 130100 is 13.1.0
  return {.available = true,
          .reason = "",
          .name = properties.name,
          .versions = fmt::format("driver {}, CUDA {}, cuBLASLt {}.{}.{}", version(driver), version(runtime),
                                  lt / 10000, lt / 100 % 100, lt % 100),
          .processors = properties.multiProcessorCount,
          .starts_early = properties.major >= 9,
          .memory_bytes = properties.totalGlobalMem,
          .shared_bytes = properties.sharedMemPerBlockOptin};
}

/// What was recorded, and the memory that it works on.
struct Record {
  cudaGraphExec_t graph = nullptr;
  FreeLists free;  // those of its blocks that nobody holds
  std::vector<void*> owned;
};

/// Whose memory is whose.
struct Memory {
  std::mutex mutex;
  FreeLists free;
  Record* recording = nullptr;
  std::unordered_map<void*, Record*> owners;  // of blocks that belong to records
};

Memory& memory_of_device() {
  static auto* memory = new Memory;  // never destroyed: tensors with static lifetime may be released after main()
  return *memory;
}

/// Null where there is no memory left; throws what else went wrong, such as a kernel that failed earlier.
void* allocate_block(std::size_t size) {
  void* memory = nullptr;
  const cudaError_t status = cudaMalloc(&memory, size);
  if (status == cudaErrorMemoryAllocation) {
    (void)cudaGetLastError();  // it is dealt with
    return nullptr;
  }
  check_call(status, "cudaMalloc");
  return memory;
}

/// Gives every kept block back to the driver, which waits until none is in use. Not while kernels are recorded.
void trim(FreeLists& lists) {
  lists.clear([](std::size_t, void* memory) { check_call(cudaFree(memory), "cudaFree"); });
}

/// A kept block of that size, or one from the driver, for which all kept ones are given back if need be.
void* find_block(Memory& memory, std::size_t size) {
  void* block = memory.free.take(size);
  if (block == nullptr) {
    block = allocate_block(size);
  }
  if (block == nullptr && memory.recording == nullptr) {
    trim(memory.free);
    block = allocate_block(size);
  }
  check(block != nullptr, "[cuda] expected {} bytes of free device memory, {} with {} bytes has none left", size,
        device().name, device().memory_bytes);
  return block;
}

void refuse_record(const char* direction) {
  Memory& memory = memory_of_device();
  const std::lock_guard lock(memory.mutex);
  check(memory.recording == nullptr, "[cuda] expected no copy {} the host while kernels are recorded", direction);
}

void copy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
  if (bytes > 0) {
    check_call(cudaMemcpyAsync(to, from, bytes, kind, static_cast<cudaStream_t>(stream())), "cudaMemcpyAsync");
  }
}

/// Host memory that the device reads by itself, in a ring of places. A small copy is left in the next place and the
/// host goes on; it waits only when it comes round to a place from which the device has not copied yet.
class UploadRing {
 public:
  static constexpr std::size_t kPlaceBytes = std::size_t{64} << 10;  // the ids of 16,384 tokens

  UploadRing() {
    check_call(cudaMallocHost(&memory_, kPlaces * kPlaceBytes), "cudaMallocHost");
    for (cudaEvent_t& event : copied_) {
      check_call(cudaEventCreateWithFlags(&event, cudaEventDisableTiming), "cudaEventCreateWithFlags");
    }
  }

  /// `bytes` are at most kPlaceBytes.
  void copy(void* to, const void* from, std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    const std::size_t place = next_;
    next_ = (next_ + 1) % kPlaces;
    check_call(cudaEventSynchronize(copied_[place]), "cudaEventSynchronize");  // at once where none was recorded
    std::byte* const memory = static_cast<std::byte*>(memory_) + place * kPlaceBytes;
    std::memcpy(memory, from, bytes);
    octet::cuda::copy(to, memory, bytes, cudaMemcpyHostToDevice);
    check_call(cudaEventRecord(copied_[place], static_cast<cudaStream_t>(stream())), "cudaEventRecord");
  }

 private:
  static constexpr std::size_t kPlaces = 16;

  std::mutex mutex_;
  void* memory_ = nullptr;
  cudaEvent_t copied_[kPlaces] = {};
  std::size_t next_ = 0;
};

UploadRing& upload_ring() {
  static auto* ring = new UploadRing;  // never destroyed, as the free lists
  return *ring;
}

}  // namespace

const Device& device() {
  static const Device device = look_up();
  return device;
}

void* allocate(std::size_t bytes) {
  const std::size_t size = size_class(bytes, kAlignment);
  Memory& memory = memory_of_device();
  const std::lock_guard lock(memory.mutex);
  Record* const record = memory.recording;
  void* block = record != nullptr ? record->free.take(size) : nullptr;
  if (block != nullptr) {
    return block;
  }
  block = find_block(memory, size);
  if (record != nullptr) {
    record->owned.push_back(block);
    memory.owners[block] = record;
  }
  return block;
}

void release(void* block, std::size_t bytes) {
  Memory& memory = memory_of_device();
  const std::lock_guard lock(memory.mutex);
  const auto owner = memory.owners.find(block);
  (owner == memory.owners.end() ? memory.free : owner->second->free).put(size_class(bytes, kAlignment), block);
}

std::size_t free_memory() {
  std::size_t free = 0, total = 0;
  check_call(cudaMemGetInfo(&free, &total), "cudaMemGetInfo");
  return free;
}

// Smaller ones that were outgrown stay: recorded kernels may work on them.
void* workspace(std::size_t bytes) {
  static void* block = nullptr;
  static std::size_t size = 0;
  if (block == nullptr || bytes > size) {
    Memory& memory = memory_of_device();
    const std::lock_guard lock(memory.mutex);
    const std::size_t larger = size_class(std::max(bytes, 2 * size), kAlignment);
    block = find_block(memory, larger);
    size = larger;
  }
  return block;
}

void begin_record() {
  Memory& memory = memory_of_device();
  const std::lock_guard lock(memory.mutex);
  check(memory.recording == nullptr, "[cuda] expected one recording of kernels at a time, got a second");
  // Relaxed: other calls than those on the stream, such as cudaMalloc, are made as usual.
  check_call(cudaStreamBeginCapture(static_cast<cudaStream_t>(stream()), cudaStreamCaptureModeRelaxed),
             "cudaStreamBeginCapture");
  memory.recording = new Record;
}

void* end_record() {
  cudaGraph_t graph = nullptr;
  check_call(cudaStreamEndCapture(static_cast<cudaStream_t>(stream()), &graph), "cudaStreamEndCapture");
  Memory& memory = memory_of_device();
  const std::lock_guard lock(memory.mutex);
  const cudaError_t status = cudaGraphInstantiate(&memory.recording->graph, graph, 0);
  (void)cudaGraphDestroy(graph);
  check_call(status, "cudaGraphInstantiate");
  return std::exchange(memory.recording, nullptr);
}

void abandon_record() {
  cudaGraph_t graph = nullptr;
  if (cudaStreamEndCapture(static_cast<cudaStream_t>(stream()), &graph) == cudaSuccess && graph != nullptr) {
    (void)cudaGraphDestroy(graph);
  }
  (void)cudaGetLastError();  // what failed is reported by the one who abandons
  Record* record = nullptr;
  {
    Memory& memory = memory_of_device();
    const std::lock_guard lock(memory.mutex);
    record = std::exchange(memory.recording, nullptr);
  }
  if (record != nullptr) {
    forget(record);
  }
}

void replay(void* record) {
  check_call(cudaGraphLaunch(static_cast<Record*>(record)->graph, static_cast<cudaStream_t>(stream())),
             "cudaGraphLaunch");
}

void forget(void* record) {
  auto* const forgotten = static_cast<Record*>(record);
  if (forgotten->graph != nullptr) {
    (void)cudaGraphExecDestroy(forgotten->graph);
  }
  Memory& memory = memory_of_device();
  const std::lock_guard lock(memory.mutex);
  for (void* block : forgotten->owned) {
    memory.owners.erase(block);
  }
  forgotten->free.clear([&](std::size_t size, void* block) { memory.free.put(size, block); });
  delete forgotten;
}

void copy_to_device(void* to, const void* from, std::size_t bytes) {
  refuse_record("from");
  if (bytes > 0 && bytes <= UploadRing::kPlaceBytes) {
    upload_ring().copy(to, from, bytes);
    return;
  }
  copy(to, from, bytes, cudaMemcpyHostToDevice);
  synchronize();
}

void copy_to_host(void* to, const void* from, std::size_t bytes) {
  refuse_record("to");
  copy(to, from, bytes, cudaMemcpyDeviceToHost);
  synchronize();
}

void copy_on_device(void* to, const void* from, std::size_t bytes) {
  copy(to, from, bytes, cudaMemcpyDeviceToDevice);
}

void set_zero(void* memory, std::size_t bytes) {
  if (bytes > 0) {
    check_call(cudaMemsetAsync(memory, 0, bytes, static_cast<cudaStream_t>(stream())), "cudaMemsetAsync");
  }
}

void synchronize() {
  check_call(cudaStreamSynchronize(static_cast<cudaStream_t>(stream())), "cudaStreamSynchronize");
}

void* stream() {
  static const cudaStream_t stream = [] {
    cudaStream_t made = nullptr;
    check_call(cudaStreamCreateWithFlags(&made, cudaStreamNonBlocking), "cudaStreamCreateWithFlags");
    return made;
  }();
  return stream;
}

void check_launch(const char* name, int status) {
  check_call(static_cast<cudaError_t>(status), name);
}

}  // namespace octet::cuda
