#include "base/philox.h"
#include "tensor/cuda/language/device.h"
#include "tensor/cuda/runtime/tables.h"

namespace octet::cuda {
namespace {

constexpr int kThreads = 256;

__global__ void dropout_kernel(DropoutArgs args) {
  const std::int64_t i = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  if (i < args.count) {
    const float kept = 1.0F / (1.0F - args.probability);
    std::uint32_t words[4];
    philox(args.seed, args.stream, static_cast<std::uint64_t>(i), words);
    args.y[i] = uniform_of(words[0]) < args.probability ? 0.0F : args.x[i] * kept;
  }
}

}  // namespace

void dropout(const DropoutArgs& args) {
  if (args.count > 0) {
    launch("dropout", dropout_kernel, {dim3(blocks_for(args.count, kThreads)), dim3(kThreads)}, args);
  }
}

}  // namespace octet::cuda
