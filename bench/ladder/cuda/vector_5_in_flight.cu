// Step 5 starts four loads of w before it uses the first. A lane that waits for each load in turn has 16 bytes under
// way, and the warps alone must make up for it: 2048 columns are 16 warps on each of 132 processors, which have 8 KB
// under way where 15 are wanted (step 3). With four loads they have 32 KB; and one round of the loop does what four
// did, 7 instructions for 512 bytes in place of 19.

#include "bench/ladder/cuda/gpu_ladder.h"
#include "tensor/cuda/language/device.h"

namespace octet::cuda::ladder {
namespace {

constexpr int kWarps = 8, kLoads = 4;

__device__ int add_products(const int4& a, const int4& b, int sum) {
  return __dp4a(a.w, b.w, __dp4a(a.z, b.z, __dp4a(a.y, b.y, __dp4a(a.x, b.x, sum))));
}

__global__ void vector_in_flight_kernel(VectorArgs args) {
  const std::int64_t n = std::int64_t{blockIdx.x} * kWarps + warp_id();
  const auto* x = reinterpret_cast<const int4*>(args.x);
  const auto* w = reinterpret_cast<const int4*>(args.w + n * args.k);
  int sum = 0;
  for (std::int64_t first = lane_id(); first < args.k / 16; first += kLoads * kWarp) {
    int4 loads[kLoads];
#pragma unroll
    for (int i = 0; i < kLoads; ++i) {
      loads[i] = w[first + i * kWarp];
    }
#pragma unroll
    for (int i = 0; i < kLoads; ++i) {
      sum = add_products(x[first + i * kWarp], loads[i], sum);
    }
  }
  sum = warp_sum(sum);
  if (lane_id() == 0) {
    args.y[n] = static_cast<float>(sum) * args.x_scale * args.w_scale[n];
  }
}

}  // namespace

void vector_in_flight(const VectorArgs& args) {
  launch("vector_in_flight", vector_in_flight_kernel, {blocks_for(args.n, kWarps), kWarps * kWarp}, args);
}

}  // namespace octet::cuda::ladder
