// Step 2 never stores a score: a thread owns a query, and keeps the greatest score so far, the sum of exp(score - max)
// and the weighted values in registers. A greater score scales down what was summed before (Milakov and Gimelshein
// 2018, https://arxiv.org/abs/1805.02867). The 14 T^2 bytes of scores are gone. Keys and values remain, up to 8 T D
// bytes for the 32 queries of a warp, whose lanes all read the same one.

#include "bench/ladder/cuda/gpu_ladder.h"
#include "tensor/cuda/language/device.h"

namespace octet::cuda::ladder {
namespace {

constexpr int kThreads = 64;

/// A thread for each query (x) of each head (y).
__global__ void attention_online_kernel(AttentionArgs args) {
  const std::int64_t i = std::int64_t{blockIdx.x} * kThreads + threadIdx.x, first = blockIdx.y * args.time;
  const float* row = args.q + (first + i) * kHeadDim;
  float q[kHeadDim], y[kHeadDim] = {};
#pragma unroll
  for (int d = 0; d < kHeadDim; ++d) {
    q[d] = row[d] / sqrtf(static_cast<float>(kHeadDim));
  }
  float max = -INFINITY, sum = 0.0F;
  for (std::int64_t j = 0; j <= i; ++j) {
    const float* k = args.k + (first + j) * kHeadDim;
    const float* v = args.v + (first + j) * kHeadDim;
    float score = 0.0F;
#pragma unroll
    for (int d = 0; d < kHeadDim; ++d) {
      score = fmaf(q[d], k[d], score);
    }
    const float new_max = fmaxf(max, score), factor = expf(max - new_max), weight = expf(score - new_max);
    sum = fmaf(sum, factor, weight);
#pragma unroll
    for (int d = 0; d < kHeadDim; ++d) {
      y[d] = fmaf(weight, v[d], y[d] * factor);
    }
    max = new_max;
  }
#pragma unroll
  for (int d = 0; d < kHeadDim; ++d) {
    args.y[(first + i) * kHeadDim + d] = y[d] / sum;
  }
}

}  // namespace

void attention_online(const AttentionArgs& args) {
  launch("attention_online", attention_online_kernel,
         {dim3(blocks_for(args.time, kThreads), static_cast<unsigned>(args.heads)), kThreads}, args);
}

}  // namespace octet::cuda::ladder
