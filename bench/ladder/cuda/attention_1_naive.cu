// Step 1, the definition in three kernels: all scores, the softmax of each row of them, the weighted sums of values.
// Each of T^2 / 2 scores is written three times and read four times, 14 T^2 bytes a head. With T = 2048 that is 59 MB
// or, at the 3 TB/s of an H100, 20 microseconds for each head, where the products would take 8 (at 67 TFLOP/s).

#include "bench/ladder/cuda/gpu_ladder.h"
#include "tensor/cuda/language/device.h"

namespace octet::cuda::ladder {
namespace {

constexpr int kThreads = 64;

/// A thread for each key j (x), of each query i (y) and head (z).
__global__ void scores_kernel(AttentionArgs args) {
  const std::int64_t j = std::int64_t{blockIdx.x} * kThreads + threadIdx.x, i = blockIdx.y, head = blockIdx.z;
  if (j > i) {
    return;
  }
  const float* q = args.q + (head * args.time + i) * kHeadDim;
  const float* k = args.k + (head * args.time + j) * kHeadDim;
  float sum = 0.0F;
  for (int d = 0; d < kHeadDim; ++d) {
    sum = fmaf(q[d], k[d], sum);
  }
  args.scores[(head * args.time + i) * args.time + j] = sum / sqrtf(static_cast<float>(kHeadDim));
}

/// A thread for each query.
__global__ void softmax_kernel(AttentionArgs args) {
  const std::int64_t i = std::int64_t{blockIdx.x} * kThreads + threadIdx.x, head = blockIdx.y;
  float* scores = args.scores + (head * args.time + i) * args.time;
  float max = -INFINITY, sum = 0.0F;
  for (std::int64_t j = 0; j <= i; ++j) {
    max = fmaxf(max, scores[j]);
  }
  for (std::int64_t j = 0; j <= i; ++j) {
    scores[j] = expf(scores[j] - max);
    sum += scores[j];
  }
  for (std::int64_t j = 0; j <= i; ++j) {
    scores[j] /= sum;
  }
}

/// A thread for each of the D columns of y, of each query.
__global__ void values_kernel(AttentionArgs args) {
  const std::int64_t i = blockIdx.x, head = blockIdx.y, d = threadIdx.x;
  const float* weights = args.scores + (head * args.time + i) * args.time;
  float sum = 0.0F;
  for (std::int64_t j = 0; j <= i; ++j) {
    sum = fmaf(weights[j], args.v[(head * args.time + j) * kHeadDim + d], sum);
  }
  args.y[(head * args.time + i) * kHeadDim + d] = sum;
}

}  // namespace

void attention_naive(const AttentionArgs& args) {
  const auto time = static_cast<unsigned>(args.time), heads = static_cast<unsigned>(args.heads);
  const unsigned tiles = blocks_for(args.time, kThreads);
  launch("scores", scores_kernel, {dim3(tiles, time, heads), kThreads}, args);
  launch("softmax", softmax_kernel, {dim3(tiles, heads), kThreads}, args);
  launch("values", values_kernel, {dim3(time, heads), kHeadDim}, args);
}

}  // namespace octet::cuda::ladder
