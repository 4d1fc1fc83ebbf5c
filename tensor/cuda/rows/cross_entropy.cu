#include "tensor/cuda/rows/rows.h"
#include "tensor/cuda/runtime/tables.h"

namespace octet::cuda {
namespace {

/// sum of exp(x - max) over the elements seen so far. Reading the logits once is what counts: a row does not stay in
/// the caches near the threads.
struct OnlineSum {
  float max = -3.4e38F;  // finite, so that logits of minus infinity add 0 and not NaN
  float sum = 0.0F;

  __device__ void add(float x) {
    if (x > max) {
      sum *= expf(max - x);
      max = x;
    }
    sum += expf(x - max);
  }
};

// nll = log(sum(exp(logits))) - logits[target], the sum taken relative to the largest logit.
template <typename Shape>
__global__ void cross_entropy_kernel(CrossEntropyArgs args) {
  const std::int64_t row = blockIdx.x;
  const float* logits = args.logits + row * args.vocabulary;
  OnlineSum mine;
  map_row<Shape>(
      args.vocabulary, [&](float x) { mine.add(x); }, logits);
  const float max = block_max<Shape::kThreads>(mine.max);
  const float sum = block_sum<Shape::kThreads>(mine.sum * expf(mine.max - max));
  if (threadIdx.x == 0) {
    const float log_sum = max + logf(sum);
    args.nll[row] = log_sum - logits[args.targets[row]];
    if (args.log_sum != nullptr) {
      args.log_sum[row] = log_sum;
    }
  }
}

template <typename Shape>
__global__ void cross_entropy_backward_kernel(CrossEntropyBackwardArgs args) {
  const std::int64_t row = blockIdx.x;
  float* dlogits = args.dlogits + row * args.vocabulary;
  const float log_sum = args.log_sum[row], scale = args.scale;
  map_row<Shape>(
      args.vocabulary, [=](float x, float& dx) { dx = scale * expf(x - log_sum); }, args.logits + row * args.vocabulary,
      dlogits);
  __syncthreads();
  if (threadIdx.x == 0) {
    dlogits[args.targets[row]] -= scale;
  }
}

}  // namespace

void cross_entropy(const CrossEntropyArgs& args) {
  for_rows(args.rows, args.vocabulary, in_fours(args.vocabulary, args.logits),
           [&](auto shape, Grid grid) { launch("cross_entropy", cross_entropy_kernel<decltype(shape)>, grid, args); });
}

void cross_entropy_backward(const CrossEntropyBackwardArgs& args) {
  for_rows(args.rows, args.vocabulary, in_fours(args.vocabulary, args.logits, args.dlogits),
           [&](auto shape, Grid grid) {
             launch("cross_entropy_backward", cross_entropy_backward_kernel<decltype(shape)>, grid, args);
           });
}

}  // namespace octet::cuda
