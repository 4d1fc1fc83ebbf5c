#include "tensor/cuda/device.h"
#include "tensor/cuda/tables.h"

namespace octet::cuda {
namespace {

constexpr int kThreads = 256;

__device__ unsigned low(std::uint64_t x) {
  return static_cast<unsigned>(x);
}
__device__ unsigned high(std::uint64_t x) {
  return static_cast<unsigned>(x >> 32);
}

/// The first word of Philox4x32-10 as in base/random.cpp, made a number in [0, 1).
__device__ float uniform(std::uint64_t seed, std::uint64_t stream, std::uint64_t index) {
  constexpr int kRounds = 10;
  constexpr std::uint64_t kMultiplier0 = 0xD2511F53, kMultiplier1 = 0xCD9E8D57;
  constexpr unsigned kWeyl0 = 0x9E3779B9, kWeyl1 = 0xBB67AE85;
  unsigned x0 = low(index), x1 = high(index), x2 = low(stream), x3 = high(stream);
  unsigned key0 = low(seed), key1 = high(seed);
  for (int round = 0; round < kRounds; ++round) {
    const std::uint64_t product0 = kMultiplier0 * x0, product1 = kMultiplier1 * x2;
    x0 = high(product1) ^ x1 ^ key0;
    x1 = low(product1);
    x2 = high(product0) ^ x3 ^ key1;
    x3 = low(product0);
    key0 += kWeyl0;
    key1 += kWeyl1;
  }
  return static_cast<float>(x0 >> 8) * 0x1p-24F;
}

__global__ void dropout_kernel(DropoutArgs args) {
  const std::int64_t i = std::int64_t{blockIdx.x} * kThreads + threadIdx.x;
  if (i < args.count) {
    const float kept = 1.0F / (1.0F - args.probability);
    const bool drops = uniform(args.seed, args.stream, static_cast<std::uint64_t>(i)) < args.probability;
    args.y[i] = drops ? 0.0F : args.x[i] * kept;
  }
}

}  // namespace

void dropout(const DropoutArgs& args) {
  if (args.count > 0) {
    launch("dropout", dropout_kernel, {dim3(blocks_for(args.count, kThreads)), dim3(kThreads)}, args);
  }
}

}  // namespace octet::cuda
