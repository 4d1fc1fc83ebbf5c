// Step 3 loads 16 bytes a lane: a warp asks for 512 bytes at once, so that one load does what 16 did, and 16 times as
// many bytes are on their way while it waits. Memory that answers after 800 cycles and delivers 19 bytes a cycle to
// each processor (H200) wants 15 KB under way there; 64 warps with loads of 32 bytes have 2.

#include "bench/ladder/cuda/gpu_ladder.h"
#include "tensor/cuda/language/device.h"

namespace octet::cuda::ladder {
namespace {

constexpr int kWarps = 8;

/// Byte i of a word, with its sign.
__device__ int byte_of(unsigned word, int i) {
  return static_cast<int>(word << (24 - 8 * i)) >> 24;
}

__device__ int sum_of_bytes(unsigned a, unsigned b, int sum) {
  for (int i = 0; i < 4; ++i) {
    sum += byte_of(a, i) * byte_of(b, i);
  }
  return sum;
}

__global__ void vector_wide_kernel(VectorArgs args) {
  const std::int64_t n = std::int64_t{blockIdx.x} * kWarps + warp_id();
  const auto* x = reinterpret_cast<const uint4*>(args.x);
  const auto* w = reinterpret_cast<const uint4*>(args.w + n * args.k);
  int sum = 0;
#pragma unroll 1  // several loads at once are step 5
  for (std::int64_t i = lane_id(); i < args.k / 16; i += kWarp) {
    const uint4 a = x[i], b = w[i];
    sum = sum_of_bytes(a.x, b.x, sum);
    sum = sum_of_bytes(a.y, b.y, sum);
    sum = sum_of_bytes(a.z, b.z, sum);
    sum = sum_of_bytes(a.w, b.w, sum);
  }
  sum = warp_sum(sum);
  if (lane_id() == 0) {
    args.y[n] = static_cast<float>(sum) * args.x_scale * args.w_scale[n];
  }
}

}  // namespace

void vector_wide(const VectorArgs& args) {
  launch("vector_wide", vector_wide_kernel, {blocks_for(args.n, kWarps), kWarps * kWarp}, args);
}

}  // namespace octet::cuda::ladder
