#pragma once

#include "tensor/backend.h"

namespace octet::cuda {

/// The entry `cuda` of the list of backends. There are three definitions, and a program links one: backend.cpp with the
/// kernels of this folder, the same kernels on the simulator (tensor/cuda_simulator/), and absent.cpp, which says that
/// this build has no CUDA.
const Backend& backend();

}  // namespace octet::cuda
