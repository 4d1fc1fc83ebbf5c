// Step 2 gives each column to a warp whose lanes read neighbouring bytes: the 32 bytes that a warp asks for are one
// piece of memory and not 32, and nothing that is delivered is thrown away. The lanes add up their sums at the end.

#include "bench/ladder/cuda/gpu_ladder.h"
#include "tensor/cuda/language/device.h"

namespace octet::cuda::ladder {
namespace {

constexpr int kWarps = 8;

__global__ void vector_coalesced_kernel(VectorArgs args) {
  const std::int64_t n = std::int64_t{blockIdx.x} * kWarps + warp_id();
  const std::int8_t* w = args.w + n * args.k;
  int sum = 0;
  for (std::int64_t k = lane_id(); k < args.k; k += kWarp) {
    sum += args.x[k] * w[k];
  }
  sum = warp_sum(sum);
  if (lane_id() == 0) {
    args.y[n] = static_cast<float>(sum) * args.x_scale * args.w_scale[n];
  }
}

}  // namespace

void vector_coalesced(const VectorArgs& args) {
  launch("vector_coalesced", vector_coalesced_kernel, {blocks_for(args.n, kWarps), kWarps * kWarp}, args);
}

}  // namespace octet::cuda::ladder
