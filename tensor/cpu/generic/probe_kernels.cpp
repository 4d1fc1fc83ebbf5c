#include "tensor/cpu/kernels/probe.h"
#include "tensor/cpu/tables.h"

namespace octet::cpu {
namespace {

constexpr int kBytes = 1024;  // in the L1 cache: what the compiler makes of a plain loop has no fixed registers

ProbeResult int8_chain(std::int64_t steps) {
  std::int8_t a[kBytes], b[kBytes];
  for (int i = 0; i < kBytes; ++i) {
    a[i] = 3;
    b[i] = -2;
  }
  double sum = 0;
  for (std::int64_t step = 0; step < steps; ++step) {
    asm volatile("" : : "r"(a), "r"(b) : "memory");  // as if the bytes were others now
    std::int32_t products = 0;
    for (int i = 0; i < kBytes; ++i) {
      products += a[i] * b[i];
    }
    sum += products;
  }
  const std::int64_t count = steps * kBytes;
  return {2 * count, sum / static_cast<double>(count)};
}

}  // namespace

ProbeKernels generic_probe_kernels() {
  return {fp32_chain, int8_chain, read_stream};
}

}  // namespace octet::cpu
