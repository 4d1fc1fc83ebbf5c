#include "tensor/cuda/language/device.h"
#include "tensor/cuda/runtime/runtime.h"
#include "tensor/cuda/runtime/tables.h"

// Probes that fill the whole device, where those of the CPU run on one thread.

namespace octet::cuda {
namespace {

constexpr int kProbeThreads = 256;
constexpr int kBlocksOfProcessor = 8;  // 2048 threads: as many as a processor holds
constexpr int kMaxBlocks = 4096;
constexpr int kChains = 16;  // of each thread: the loop around them then costs little

unsigned probe_blocks() {
  const int blocks = device().processors * kBlocksOfProcessor;
  return static_cast<unsigned>(blocks < kMaxBlocks ? blocks : kMaxBlocks);
}

/// of_block (blocks): the mean of x over the chains and threads of a block.
__global__ void fp32_chain_kernel(std::int64_t steps, double* of_block) {
  float x[kChains];
  for (int chain = 0; chain < kChains; ++chain) {
    x[chain] = static_cast<float>(chain) - (kChains - 1) / 2.0F;  // they differ, and their mean is 0
  }
  for (std::int64_t step = 0; step < steps; ++step) {
    for (int chain = 0; chain < kChains; ++chain) {
      x[chain] = x[chain] * 0.5F + 1.0F;
    }
  }
  double sum = 0.0;
  for (int chain = 0; chain < kChains; ++chain) {
    sum += static_cast<double>(x[chain]);
  }
  sum = block_sum<kProbeThreads>(sum);
  if (threadIdx.x == 0) {
    of_block[blockIdx.x] = sum / (kChains * kProbeThreads);
  }
}

/// of_block (blocks): the mean product. `a` and `b` hold four bytes, which the compiler does not know.
__global__ void int8_chain_kernel(std::int64_t steps, int a, int b, double* of_block) {
  int sums[kChains];
  for (int chain = 0; chain < kChains; ++chain) {
    sums[chain] = static_cast<int>(threadIdx.x) * kChains + chain;  // they differ; taken off again below
  }
  for (std::int64_t step = 0; step < steps; ++step) {
    for (int chain = 0; chain < kChains; ++chain) {
      sums[chain] = __dp4a(a, b, sums[chain]);
    }
  }
  double sum = 0.0;
  for (int chain = 0; chain < kChains; ++chain) {
    sum += static_cast<double>(sums[chain] - static_cast<int>(threadIdx.x) * kChains - chain);
  }
  sum = block_sum<kProbeThreads>(sum);
  if (threadIdx.x == 0) {
    of_block[blockIdx.x] = sum / (4.0 * kChains * kProbeThreads * static_cast<double>(steps));
  }
}

/// of_block (blocks): the exclusive or of the words that a block reads, in 16 bytes at a time.
__global__ void read_kernel(const uint4* data, std::int64_t count, std::uint64_t* of_block) {
  std::uint64_t word = 0;
  const std::int64_t stride = std::int64_t{gridDim.x} * kProbeThreads;
  for (std::int64_t i = std::int64_t{blockIdx.x} * kProbeThreads + threadIdx.x; i < count; i += stride) {
    const uint4 four = data[i];
    word ^= std::uint64_t{four.y ^ four.w} << 32 | (four.x ^ four.z);
  }
  word = block_reduce<kProbeThreads>(word, [](std::uint64_t a, std::uint64_t b) { return a ^ b; });
  if (threadIdx.x == 0) {
    of_block[blockIdx.x] = word;
  }
}

/// Starts the kernel on all of the device and combines what its blocks leave.
template <typename T, typename Combine, typename... Parameters>
T run(const char* name, void (*kernel)(Parameters...), const Combine& combine, auto... arguments) {
  const unsigned blocks = probe_blocks();
  T* of_block = workspace_of<T>(blocks);
  launch(name, kernel, {dim3(blocks), dim3(kProbeThreads)}, arguments..., of_block);
  T values[kMaxBlocks];
  copy_to_host(values, of_block, blocks * sizeof(T));
  T result = values[0];
  for (unsigned block = 1; block < blocks; ++block) {
    result = combine(result, values[block]);
  }
  return result;
}

double plus(double a, double b) {
  return a + b;
}

std::int64_t chains_of_device() {
  return std::int64_t{probe_blocks()} * kProbeThreads * kChains;
}

ProbeResult fp32_chain(std::int64_t steps) {
  const double sum = run<double>("fp32_chain", fp32_chain_kernel, plus, steps);
  return {2 * steps * chains_of_device(), sum / probe_blocks()};
}

ProbeResult int8_chain(std::int64_t steps) {
  constexpr int kThrees = 0x03030303, kMinusTwos = static_cast<int>(0xFEFEFEFEU);
  const double sum = run<double>("int8_chain", int8_chain_kernel, plus, steps, kThrees, kMinusTwos);
  return {8 * steps * chains_of_device(), sum / probe_blocks()};
}

std::uint64_t read(const void* data, std::int64_t bytes) {
  return run<std::uint64_t>(
      "read", read_kernel, [](std::uint64_t a, std::uint64_t b) { return a ^ b; }, static_cast<const uint4*>(data),
      bytes / static_cast<std::int64_t>(sizeof(uint4)));
}

}  // namespace

ProbeKernels probe_kernels() {
  return {fp32_chain, int8_chain, read};
}

}  // namespace octet::cuda
