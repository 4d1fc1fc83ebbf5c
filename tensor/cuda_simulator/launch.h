#pragma once

#include "tensor/cuda/language/device.h"
#include "tensor/cuda_simulator/simulator.h"

namespace octet::cuda {

template <typename... Parameters>
void launch_as(simulator::Start start, const char* name, void (*kernel)(Parameters...), const Grid& grid,
               std::type_identity_t<Parameters>... arguments) {
  if (is_empty(grid)) {
    return;
  }
  (simulator::check_argument(name, arguments), ...);
  simulator::run_or_record([=] {
    simulator::run_grid(
        name, grid.blocks, grid.threads, grid.shared_bytes, [&] { kernel(arguments...); }, start);
  });
}

template <typename... Parameters>
void launch(const char* name, void (*kernel)(Parameters...), const Grid& grid,
            std::type_identity_t<Parameters>... arguments) {
  launch_as(simulator::Start::in_order, name, kernel, grid, arguments...);
}

template <typename... Parameters>
void launch_early(const char* name, void (*kernel)(Parameters...), const Grid& grid,
                  std::type_identity_t<Parameters>... arguments) {
  launch_as(simulator::Start::early, name, kernel, grid, arguments...);
}

inline void wait_for_previous() {
  simulator::wait_for_previous();
}

inline void fetch_to_l2(const void* address) {
  simulator::fetch(address);
}

template <typename T>
T* dynamic_shared() {
  return static_cast<T*>(simulator::dynamic_shared_memory);
}

}  // namespace octet::cuda
