#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

// The device, its memory and its one stream, without a word of CUDA's headers: runtime.cpp speaks to the driver,
// tensor/cuda_simulator/ stands in for it where kernels are simulated, absent.cpp where Octet was built without CUDA.

namespace octet::cuda {

/// What can run here. Looked up once.
struct Device {
  bool available = false;
  std::string reason;         // why not, for people
  std::string name;           // "NVIDIA H200"
  std::string versions;       // "driver 13.0, CUDA 13.0, cuBLASLt 13.1.0"
  int processors = 0;         // streaming multiprocessors
  bool starts_early = false;  // can bring a kernel while the one before runs: launch_early
  std::size_t memory_bytes = 0;
  // The most shared memory that a block may ask for: 227 KiB on an H100, 99 KiB on an RTX 4090.
  std::size_t shared_bytes = 0;
};
const Device& device();

/// Blocks of device memory, aligned to 256 bytes. Freed blocks are kept for the next request of that size: a step of
/// training asks for the same sizes again and again, and nothing is allocated then. Since all work is on one stream, a
/// block may be used again while kernels that read it still wait to run.
void* allocate(std::size_t bytes);
void release(void* memory, std::size_t bytes);

/// Bytes of device memory that no program has taken. Blocks that are kept are taken.
std::size_t free_memory();

/// Scratch of at least `bytes` for the kernels of one call; its contents last until the next call. Grows only.
void* workspace(std::size_t bytes);
template <typename T>
T* workspace_of(std::int64_t count) {
  return static_cast<T*>(workspace(static_cast<std::size_t>(count) * sizeof(T)));
}

/// In the order of the stream. Where the host is one side, they return when its memory may be used again: copies of up
/// to 64 KiB to the device at once, through memory of their own, others when all work before them is done.
void copy_to_device(void* to, const void* from, std::size_t bytes);
void copy_to_host(void* to, const void* from, std::size_t bytes);
void copy_on_device(void* to, const void* from, std::size_t bytes);
void set_zero(void* memory, std::size_t bytes);
/// Waits until all work is done; throws what failed meanwhile.
void synchronize();

/// Between begin and end, kernels and copies on the device are not run but recorded (a CUDA graph); `replay` then runs
/// all of them, with the arguments they were given, by one call. What was allocated meanwhile belongs to the record,
/// also after its release, until `forget`. Errors while recording: a copy from or to the host, another recording.
void begin_record();
void* end_record();
/// Ends a recording that failed.
void abandon_record();
void replay(void* record);
/// Memory of the record that somebody still holds is ordinary memory from then on.
void forget(void* record);

/// The stream as CUDA knows it (cudaStream_t).
void* stream();
/// Throws where `status` (cudaError_t) says that the launch of this kernel failed.
void check_launch(const char* kernel, int status);

}  // namespace octet::cuda
