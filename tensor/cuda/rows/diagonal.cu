#include "tensor/cuda/language/device.h"
#include "tensor/cuda/runtime/tables.h"

namespace octet::cuda {
namespace {

constexpr int kThreads = 128;

__global__ void add_diagonal_kernel(AddDiagonalArgs args) {
  const std::int64_t i = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  if (i < args.side) {
    args.x[i * (args.side + 1)] += args.value;
  }
}

}  // namespace

void add_diagonal(const AddDiagonalArgs& args) {
  if (args.side > 0) {
    launch("add_diagonal", add_diagonal_kernel, {dim3(blocks_for(args.side, kThreads)), dim3(kThreads)}, args);
  }
}

}  // namespace octet::cuda
