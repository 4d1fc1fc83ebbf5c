#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tensor/kernels.h"
#include "tensor/storage.h"

namespace octet {

/// One way to execute kernels. Entries of one best-first list; a machine supports some of them.
struct Backend {
  std::string_view name;         // "cpu-avx512vnni"
  std::string_view description;  // "AVX-512 with VNNI integer products"
  DeviceKind device;
  bool (*supported)();
  const KernelTable& (*kernels)();
  void* (*allocate)(std::size_t bytes);
  void (*release)(void* memory, std::size_t bytes);
};

/// Every backend that is compiled in, best first, supported by this machine or not.
const std::vector<Backend>& all_backends();
/// Those that this machine supports.
std::vector<const Backend*> available_backends();
/// By name; an error (capability) naming the known and the available ones.
const Backend& find_backend(std::string_view name);

/// The backend in use for a device: the environment variable OCTET_BACKEND, else the best supported. Chosen at first
/// use.
const Backend& active_backend(DeviceKind device = DeviceKind::cpu);
/// Replaces the active backend of its device; for tests and `--backend`.
void set_active_backend(const Backend& backend);

/// What computes the FP32 products of the active CPU backend: "oneDNN 2.6.3", or Octet's own blocked product.
std::string fp32_library();

/// The kernels that work on data of this device.
const KernelTable& kernels(DeviceKind device = DeviceKind::cpu);

}  // namespace octet
