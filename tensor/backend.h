#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tensor/kernels/kernels.h"
#include "tensor/storage.h"

namespace octet {

/// Memory of one kind of device. Copies and zeros come in the order of the kernels; a copy to the host has happened
/// when it returns.
struct DeviceMemory {
  void* (*allocate)(std::size_t bytes);
  void (*release)(void* memory, std::size_t bytes);
  void (*from_host)(void* to, const void* from, std::size_t bytes);
  void (*to_host)(void* to, const void* from, std::size_t bytes);
  void (*copy)(void* to, const void* from, std::size_t bytes);
  void (*zero)(void* memory, std::size_t bytes);
  void (*synchronize)();  // waits for kernels that were started
};

/// Kernels that are recorded once and run again by one call (tensor/replay.h). Null where a device has no such thing.
struct DeviceRecords {
  void (*begin)() = nullptr;
  void* (*end)() = nullptr;
  void (*abandon)() = nullptr;
  void (*replay)(void* record) = nullptr;
  void (*forget)(void* record) = nullptr;
};

/// One way to execute kernels. Entries of one best-first list; a machine supports some of them.
struct Backend {
  std::string_view name;         // "cpu-avx512vnni"
  std::string_view description;  // "AVX-512 with VNNI integer products"
  DeviceKind device;
  std::string (*missing)();  // what this machine or build lacks for it; empty: nothing
  const KernelTable& (*kernels)();
  DeviceMemory memory;
  /// A kernel that is called inside of a parallel loop is the work of the calling thread, so such a loop may run many
  /// small kernels side by side. A GPU takes them one after another.
  bool runs_on_callers = false;
  DeviceRecords records = {};

  bool supported() const { return missing().empty(); }
};

/// Every backend that is compiled in, best first, supported by this machine or not.
const std::vector<Backend>& all_backends();
/// Those that this machine supports.
std::vector<const Backend*> available_backends();
/// By name; an error (capability) naming the known and the available ones.
const Backend& find_backend(std::string_view name);

/// The backend in use for a device: the environment variable OCTET_BACKEND, else the best supported. Chosen at first
/// use. Errors (capability): none runs here, or OCTET_BACKEND names one that is unknown or does not run here.
///
/// Threads: one choice for the whole process, and no lock. Many threads may ask for `cpu` at once; ask for `cuda`, or
/// replace a backend, where no other thread computes.
const Backend& active_backend(DeviceKind device = DeviceKind::cpu);
/// Replaces the active backend of its device, from now on and for all threads; for tests. `backend` must be one of
/// all_backends(). Memory that another backend of the device gave stays valid: they share it.
void set_active_backend(const Backend& backend);

/// What computes the FP32 products of the active CPU backend: "oneDNN 2.6.3", or Octet's own blocked product.
std::string fp32_library();

/// The memory of this device. The functions may be called from any thread.
const DeviceMemory& memory(DeviceKind device);

/// The kernels that work on data of this device.
const KernelTable& kernels(DeviceKind device = DeviceKind::cpu);

}  // namespace octet
