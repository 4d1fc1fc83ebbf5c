#include "tensor/cuda/backend.h"

#include "tensor/cuda/runtime/runtime.h"
#include "tensor/cuda/runtime/tables.h"

namespace octet::cuda {

const Backend& backend() {
  static const Backend backend = {
      .name = "cuda",
      .description = "NVIDIA GPU",
      .device = DeviceKind::cuda,
      .missing = [] { return device().reason; },
      .kernels = kernels,
      .memory = {.allocate = allocate,
                 .release = release,
                 .from_host = copy_to_device,
                 .to_host = copy_to_host,
                 .copy = copy_on_device,
                 .zero = set_zero,
                 .synchronize = synchronize},
      .records =
          {.begin = begin_record, .end = end_record, .abandon = abandon_record, .replay = replay, .forget = forget},
  };
  return backend;
}

}  // namespace octet::cuda
