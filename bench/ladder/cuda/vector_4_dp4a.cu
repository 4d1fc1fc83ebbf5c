// Step 4 multiplies four pairs of bytes and adds them up by one instruction, dp4a. Step 3 spends its time on getting
// bytes out of words: 97 instructions for the 512 bytes of a warp, and now 19 (counted in the machine code for sm_90).
// In the 27 cycles in which the memory delivers 512 bytes to a processor of an H200, it starts at most 108
// instructions, of which no more than 54 work on integers.

#include "bench/ladder/cuda/gpu_ladder.h"
#include "tensor/cuda/language/device.h"

namespace octet::cuda::ladder {
namespace {

constexpr int kWarps = 8;

__global__ void vector_dp4a_kernel(VectorArgs args) {
  const std::int64_t n = std::int64_t{blockIdx.x} * kWarps + warp_id();
  const auto* x = reinterpret_cast<const int4*>(args.x);
  const auto* w = reinterpret_cast<const int4*>(args.w + n * args.k);
  int sum = 0;
#pragma unroll 1  // several loads at once are step 5
  for (std::int64_t i = lane_id(); i < args.k / 16; i += kWarp) {
    const int4 a = x[i], b = w[i];
    sum = __dp4a(a.x, b.x, sum);
    sum = __dp4a(a.y, b.y, sum);
    sum = __dp4a(a.z, b.z, sum);
    sum = __dp4a(a.w, b.w, sum);
  }
  sum = warp_sum(sum);
  if (lane_id() == 0) {
    args.y[n] = static_cast<float>(sum) * args.x_scale * args.w_scale[n];
  }
}

}  // namespace

void vector_dp4a(const VectorArgs& args) {
  launch("vector_dp4a", vector_dp4a_kernel, {blocks_for(args.n, kWarps), kWarps * kWarp}, args);
}

}  // namespace octet::cuda::ladder
