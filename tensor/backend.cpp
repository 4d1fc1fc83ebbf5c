#include "tensor/backend.h"

#include <cstdlib>
#include <cstring>

#include <fmt/ranges.h>

#include "base/error.h"
#include "tensor/cpu/memory.h"
#include "tensor/cpu/tables.h"
#include "tensor/cuda/backend.h"

namespace octet {
namespace {

void copy_bytes(void* to, const void* from, std::size_t bytes) {
  if (bytes > 0) {  // pointers may be null then, which memcpy forbids
    std::memcpy(to, from, bytes);
  }
}

constexpr DeviceMemory kHostMemory = {
    .allocate = cpu::allocate,
    .release = cpu::release,
    .from_host = copy_bytes,
    .to_host = copy_bytes,
    .copy = copy_bytes,
    .zero = [](void* memory, std::size_t bytes) { std::memset(memory, 0, bytes); },
    .synchronize = [] {},
};

std::string missing_unless(bool supported, const char* what) {
  return supported ? "" : what;
}

template <typename List>
std::vector<std::string_view> names_of(const List& backends) {
  std::vector<std::string_view> names;
  for (const Backend* backend : backends) {
    names.push_back(backend->name);
  }
  return names;
}

const Backend& choose(DeviceKind device) {
  if (const char* forced = std::getenv("OCTET_BACKEND"); forced != nullptr && *forced != '\0') {
    const Backend& backend = find_backend(forced);
    if (backend.device == device) {
      return backend;
    }
  }
  for (const Backend* backend : available_backends()) {
    if (backend->device == device) {
      return *backend;
    }
  }
  for (const Backend& backend : all_backends()) {
    if (backend.device == device) {
      fail(ErrorKind::capability, "[backend] no {} device: {}", name_of(device), backend.missing());
    }
  }
  fail(ErrorKind::capability, "[backend] expected a backend for {}, got none", name_of(device));
}

const Backend*& active(DeviceKind device) {
  static const Backend* cpu = &choose(DeviceKind::cpu);
  static const Backend* cuda = nullptr;
  if (device == DeviceKind::cpu) {
    return cpu;
  }
  if (cuda == nullptr) {
    cuda = &choose(DeviceKind::cuda);
  }
  return cuda;
}

}  // namespace

const std::vector<Backend>& all_backends() {
  static const std::vector<Backend> backends = {
      cuda::backend(),
      {"cpu-avx512vnni", "AVX-512 with VNNI integer products", DeviceKind::cpu,
       [] { return missing_unless(cpu::has_avx512vnni(), "the processor lacks AVX-512 with VNNI"); },
       cpu::avx512vnni_kernels, kHostMemory, true},
      {"cpu-avx2", "AVX2 and FMA", DeviceKind::cpu,
       [] { return missing_unless(cpu::has_avx2(), "the processor lacks AVX2 with FMA"); }, cpu::avx2_kernels,
       kHostMemory, true},
      {"cpu-generic", "portable loops, the reference for all others", DeviceKind::cpu, [] { return std::string(); },
       cpu::generic_kernels, kHostMemory, true},
  };
  return backends;
}

std::vector<const Backend*> available_backends() {
  std::vector<const Backend*> available;
  for (const Backend& backend : all_backends()) {
    if (backend.supported()) {
      available.push_back(&backend);
    }
  }
  return available;
}

const Backend& find_backend(std::string_view name) {
  std::vector<const Backend*> known;
  for (const Backend& backend : all_backends()) {
    known.push_back(&backend);
    if (backend.name == name) {
      if (!backend.supported()) {
        fail(ErrorKind::capability, "[backend] {} ({}) cannot run here: {}; this machine supports {}", name,
             backend.description, backend.missing(), fmt::join(names_of(available_backends()), ", "));
      }
      return backend;
    }
  }
  fail(ErrorKind::capability, "[backend] expected one of {}, got \"{}\"", fmt::join(names_of(known), ", "), name);
}

const Backend& active_backend(DeviceKind device) {
  return *active(device);
}

void set_active_backend(const Backend& backend) {
  active(backend.device) = &backend;
}

std::string fp32_library() {
  if (active_backend().kernels == cpu::generic_kernels || cpu::onednn_gemm() == nullptr) {
    return "Octet's blocked product";
  }
  const cpu::OnednnVersion version = cpu::onednn_version();
  return fmt::format("oneDNN {}.{}.{}", version.major, version.minor, version.patch);
}

const DeviceMemory& memory(DeviceKind device) {
  return active_backend(device).memory;
}

const KernelTable& kernels(DeviceKind device) {
  return active_backend(device).kernels();
}

}  // namespace octet
