#include "tensor/cuda/runtime.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstring>
#include <map>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

#include <cublasLt.h>
#include <cuda_runtime.h>

#include "base/error.h"
#include "tensor/cuda/chips.h"

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
  int runtime = 0;
  (void)cudaRuntimeGetVersion(&runtime);
  const std::size_t lt = cublasLtGetVersion();  // 130100 is 13.1.0
  return {.available = true,
          .reason = "",
          .name = properties.name,
          .versions = fmt::format("driver {}, CUDA {}, cuBLASLt {}.{}.{}", version(driver), version(runtime),
                                  lt / 10000, lt / 100 % 100, lt % 100),
          .processors = properties.multiProcessorCount,
          .memory_bytes = properties.totalGlobalMem,
          .shared_bytes = properties.sharedMemPerBlockOptin};
}

// Eight size classes for each power of two, as on the CPU: at most 12.5 % is wasted.
std::size_t size_class(std::size_t bytes) {
  if (bytes <= 8 * kAlignment) {
    return std::max(kAlignment, (bytes + kAlignment - 1) / kAlignment * kAlignment);
  }
  const std::size_t step = std::bit_floor(bytes) / 8;
  return (bytes + step - 1) / step * step;
}

using Blocks = std::map<std::size_t, std::vector<void*>>;  // by size class

/// What was recorded, and the memory that it works on.
struct Record {
  cudaGraphExec_t graph = nullptr;
  Blocks free;  // those of its blocks that nobody holds
  std::vector<void*> owned;
};

struct FreeLists {
  std::mutex mutex;
  Blocks blocks;
  Record* recording = nullptr;
  std::unordered_map<void*, Record*> owners;  // of blocks that belong to records
};

FreeLists& free_lists() {
  static auto* lists = new FreeLists;  // never destroyed: tensors with static lifetime may be released after main()
  return *lists;
}

/// A free block of that size, or null.
void* take(Blocks& blocks, std::size_t size) {
  std::vector<void*>& free = blocks[size];
  if (free.empty()) {
    return nullptr;
  }
  void* memory = free.back();
  free.pop_back();
  return memory;
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
  for (auto& [size, blocks] : lists.blocks) {
    for (void* memory : blocks) {
      check_call(cudaFree(memory), "cudaFree");
    }
    blocks.clear();
  }
}

/// A kept block of that size, or one from the driver, for which all kept ones are given back if need be.
void* find_block(FreeLists& lists, std::size_t size) {
  void* memory = take(lists.blocks, size);
  if (memory == nullptr) {
    memory = allocate_block(size);
  }
  if (memory == nullptr && lists.recording == nullptr) {
    trim(lists);
    memory = allocate_block(size);
  }
  check(memory != nullptr, "[cuda] expected {} bytes of free device memory, {} with {} bytes has none left", size,
        device().name, device().memory_bytes);
  return memory;
}

void refuse_record(const char* direction) {
  FreeLists& lists = free_lists();
  const std::lock_guard lock(lists.mutex);
  check(lists.recording == nullptr, "[cuda] expected no copy {} the host while kernels are recorded", direction);
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
  const std::size_t size = size_class(bytes);
  FreeLists& lists = free_lists();
  const std::lock_guard lock(lists.mutex);
  Record* const record = lists.recording;
  void* memory = record != nullptr ? take(record->free, size) : nullptr;
  if (memory != nullptr) {
    return memory;
  }
  memory = find_block(lists, size);
  if (record != nullptr) {
    record->owned.push_back(memory);
    lists.owners[memory] = record;
  }
  return memory;
}

void release(void* memory, std::size_t bytes) {
  FreeLists& lists = free_lists();
  const std::lock_guard lock(lists.mutex);
  const std::size_t size = size_class(bytes);
  const auto owner = lists.owners.find(memory);
  (owner == lists.owners.end() ? lists.blocks : owner->second->free)[size].push_back(memory);
}

std::size_t free_memory() {
  std::size_t free = 0, total = 0;
  check_call(cudaMemGetInfo(&free, &total), "cudaMemGetInfo");
  return free;
}

// Smaller ones that were outgrown stay: recorded kernels may work on them.
void* workspace(std::size_t bytes) {
  static void* memory = nullptr;
  static std::size_t size = 0;
  if (memory == nullptr || bytes > size) {
    FreeLists& lists = free_lists();
    const std::lock_guard lock(lists.mutex);
    const std::size_t larger = size_class(std::max(bytes, 2 * size));
    memory = find_block(lists, larger);
    size = larger;
  }
  return memory;
}

void begin_record() {
  FreeLists& lists = free_lists();
  const std::lock_guard lock(lists.mutex);
  check(lists.recording == nullptr, "[cuda] expected one recording of kernels at a time, got a second");
  // Relaxed: other calls than those on the stream, such as cudaMalloc, are made as usual.
  check_call(cudaStreamBeginCapture(static_cast<cudaStream_t>(stream()), cudaStreamCaptureModeRelaxed),
             "cudaStreamBeginCapture");
  lists.recording = new Record;
}

void* end_record() {
  cudaGraph_t graph = nullptr;
  check_call(cudaStreamEndCapture(static_cast<cudaStream_t>(stream()), &graph), "cudaStreamEndCapture");
  FreeLists& lists = free_lists();
  const std::lock_guard lock(lists.mutex);
  const cudaError_t status = cudaGraphInstantiate(&lists.recording->graph, graph, 0);
  (void)cudaGraphDestroy(graph);
  check_call(status, "cudaGraphInstantiate");
  return std::exchange(lists.recording, nullptr);
}

void abandon_record() {
  cudaGraph_t graph = nullptr;
  if (cudaStreamEndCapture(static_cast<cudaStream_t>(stream()), &graph) == cudaSuccess && graph != nullptr) {
    (void)cudaGraphDestroy(graph);
  }
  (void)cudaGetLastError();  // what failed is reported by the one who abandons
  Record* record = nullptr;
  {
    FreeLists& lists = free_lists();
    const std::lock_guard lock(lists.mutex);
    record = std::exchange(lists.recording, nullptr);
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
  FreeLists& lists = free_lists();
  const std::lock_guard lock(lists.mutex);
  for (void* memory : forgotten->owned) {
    lists.owners.erase(memory);
  }
  for (const auto& [size, blocks] : forgotten->free) {
    lists.blocks[size].insert(lists.blocks[size].end(), blocks.begin(), blocks.end());
  }
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
