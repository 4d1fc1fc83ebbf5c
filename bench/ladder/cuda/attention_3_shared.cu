// Step 3 brings a tile of 32 keys and values to shared memory and lets the 64 queries of a block use it. The threads
// load it together, 16 bytes each, and all of it is under way at once, where a thread of step 2 waited for each key in
// turn; and a tile comes once for two warps. The greatest score is looked for once in a tile, so that what was summed
// before is scaled down 32 times less often: 64 of the 192 operations for each key are gone.

#include "bench/ladder/cuda/gpu_ladder.h"
#include "tensor/cuda/language/device.h"

namespace octet::cuda::ladder {
namespace {

constexpr int kThreads = 64, kTile = 32;

/// kTile rows of D floats to shared memory.
__device__ void load_tile(const float* from, float (&to)[kTile][kHeadDim]) {
  constexpr int kVectors = kTile * kHeadDim / 4;
  for (int at = static_cast<int>(threadIdx.x); at < kVectors; at += kThreads) {
    reinterpret_cast<float4*>(&to[0][0])[at] = reinterpret_cast<const float4*>(from)[at];
  }
}

__global__ void attention_shared_kernel(AttentionArgs args) {
  alignas(16) __shared__ float k[kTile][kHeadDim];
  alignas(16) __shared__ float v[kTile][kHeadDim];
  const std::int64_t block_first = std::int64_t{blockIdx.x} * kThreads, i = block_first + threadIdx.x;
  const std::int64_t first = blockIdx.y * args.time;
  const float* row = args.q + (first + i) * kHeadDim;
  float q[kHeadDim], y[kHeadDim] = {};
#pragma unroll
  for (int d = 0; d < kHeadDim; ++d) {
    q[d] = row[d] / sqrtf(static_cast<float>(kHeadDim));
  }
  float max = -INFINITY, sum = 0.0F;
  for (std::int64_t tile = 0; tile < block_first + kThreads; tile += kTile) {
    __syncthreads();  // all are done with the previous tile
    load_tile(args.k + (first + tile) * kHeadDim, k);
    load_tile(args.v + (first + tile) * kHeadDim, v);
    __syncthreads();
    float scores[kTile], new_max = max;
#pragma unroll
    for (int j = 0; j < kTile; ++j) {
      scores[j] = 0.0F;
#pragma unroll
      for (int d = 0; d < kHeadDim; ++d) {
        scores[j] = fmaf(q[d], k[j][d], scores[j]);
      }
      scores[j] = tile + j <= i ? scores[j] : -INFINITY;
      new_max = fmaxf(new_max, scores[j]);
    }
    const float factor = expf(max - new_max);
    sum *= factor;
#pragma unroll
    for (int d = 0; d < kHeadDim; ++d) {
      y[d] *= factor;
    }
#pragma unroll
    for (int j = 0; j < kTile; ++j) {
      const float weight = expf(scores[j] - new_max);
      sum += weight;
#pragma unroll
      for (int d = 0; d < kHeadDim; ++d) {
        y[d] = fmaf(weight, v[j][d], y[d]);
      }
    }
    max = new_max;
  }
#pragma unroll
  for (int d = 0; d < kHeadDim; ++d) {
    args.y[(first + i) * kHeadDim + d] = y[d] / sum;
  }
}

}  // namespace

void attention_shared(const AttentionArgs& args) {
  launch("attention_shared", attention_shared_kernel,
         {dim3(blocks_for(args.time, kThreads), static_cast<unsigned>(args.heads)), kThreads}, args);
}

}  // namespace octet::cuda::ladder
