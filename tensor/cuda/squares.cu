#include "tensor/cuda/device.h"
#include "tensor/cuda/runtime.h"
#include "tensor/cuda/tables.h"

namespace octet::cuda {
namespace {

constexpr int kThreads = 256;
constexpr std::int64_t kPerBlock = 64 * kThreads;  // elements; blocks and threads depend on the count alone

__global__ void square_parts_kernel(std::int64_t count, const float* x, double* parts) {
  const std::int64_t begin = std::int64_t{blockIdx.x} * kPerBlock;
  const std::int64_t end = begin + kPerBlock < count ? begin + kPerBlock : count;
  float sum = 0.0F;  // of at most 64 values
  for (std::int64_t i = begin + threadIdx.x; i < end; i += kThreads) {
    sum += x[i] * x[i];
  }
  const double total = block_sum<kThreads>(static_cast<double>(sum));
  if (threadIdx.x == 0) {
    parts[blockIdx.x] = total;
  }
}

/// One block.
__global__ void add_parts_kernel(std::int64_t count, const double* parts, double* sum) {
  double mine = 0.0;
  for (std::int64_t i = threadIdx.x; i < count; i += kThreads) {
    mine += parts[i];
  }
  const double total = block_sum<kThreads>(mine);
  if (threadIdx.x == 0) {
    *sum += total;
  }
}

}  // namespace

void add_squares(const AddSquaresArgs& args) {
  if (args.count == 0) {
    return;
  }
  const unsigned blocks = blocks_for(args.count, kPerBlock);
  auto* parts = workspace_of<double>(blocks);
  launch("square_parts", square_parts_kernel, {dim3(blocks), dim3(kThreads)}, args.count, args.x, parts);
  launch("add_parts", add_parts_kernel, {dim3(1), dim3(kThreads)}, std::int64_t{blocks}, parts, args.sum);
}

}  // namespace octet::cuda
