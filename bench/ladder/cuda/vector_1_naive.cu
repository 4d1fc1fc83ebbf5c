// Step 1, the definition: a thread for each column of the product. Neighbouring threads read bytes that are K apart, so
// that a warp which asks for 32 bytes gets 32 pieces of 32 bytes, 1024 in all. A cache may keep them for the next 31
// times, but each time all 32 pieces are looked up.

#include "bench/ladder/cuda/gpu_ladder.h"
#include "tensor/cuda/language/device.h"

namespace octet::cuda::ladder {
namespace {

constexpr int kThreads = 128;

__global__ void vector_naive_kernel(VectorArgs args) {
  const std::int64_t n = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  if (n >= args.n) {
    return;
  }
  int sum = 0;
  for (std::int64_t k = 0; k < args.k; ++k) {
    sum += args.x[k] * args.w[n * args.k + k];
  }
  args.y[n] = static_cast<float>(sum) * args.x_scale * args.w_scale[n];
}

}  // namespace

void vector_naive(const VectorArgs& args) {
  launch("vector_naive", vector_naive_kernel, {blocks_for(args.n, kThreads), kThreads}, args);
}

}  // namespace octet::cuda::ladder
