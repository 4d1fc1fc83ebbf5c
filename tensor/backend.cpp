#include "tensor/backend.h"

#include <cstdlib>

#include <fmt/ranges.h>

#include "base/error.h"
#include "tensor/cpu/memory.h"
#include "tensor/cpu/tables.h"

namespace octet {
namespace {

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
  fail(ErrorKind::capability, "[backend] this build or machine has no {} backend", name_of(device));
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
      {"cpu-avx512vnni", "AVX-512 with VNNI integer products", DeviceKind::cpu, cpu::has_avx512vnni,
       cpu::avx512vnni_kernels, cpu::allocate, cpu::release},
      {"cpu-avx2", "AVX2 and FMA", DeviceKind::cpu, cpu::has_avx2, cpu::avx2_kernels, cpu::allocate, cpu::release},
      {"cpu-generic", "portable loops, the reference for all others", DeviceKind::cpu, [] { return true; },
       cpu::generic_kernels, cpu::allocate, cpu::release},
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
        fail(ErrorKind::capability, "[backend] this machine lacks what {} needs ({}); it supports {}", name,
             backend.description, fmt::join(names_of(available_backends()), ", "));
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
  if (kernels().gemm != cpu::onednn_gemm()) {
    return "Octet's blocked product";
  }
  const cpu::OnednnVersion version = cpu::onednn_version();
  return fmt::format("oneDNN {}.{}.{}", version.major, version.minor, version.patch);
}

const KernelTable& kernels(DeviceKind device) {
  return active_backend(device).kernels();
}

}  // namespace octet
