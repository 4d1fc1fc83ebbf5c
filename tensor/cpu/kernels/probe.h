#pragma once

#include "tensor/kernels/probe_kernels.h"

// Probes that are the same text for every instruction set: the vectors of GCC and Clang take the width of the including
// file.

namespace octet::cpu {
namespace {

#if defined(__AVX512F__)
constexpr int kRegisterBytes = 64;
#elif defined(__AVX__)
constexpr int kRegisterBytes = 32;
#else
constexpr int kRegisterBytes = 16;
#endif

/// A fused multiply-add takes 4 cycles and two start in each, so 8 chains hide the latency; mul and add apart take 8
/// cycles for four of them, so 8 do as well. 12 leave some room and fit 16 registers beside the constants.
constexpr int kChains = 12;

ProbeResult fp32_chain(std::int64_t steps) {
  typedef float Floats __attribute__((vector_size(kRegisterBytes)));
  constexpr int kLanes = kRegisterBytes / 4;
  const Floats half = Floats{} + 0.5F, one = Floats{} + 1.0F;
  Floats x[kChains];
  for (int chain = 0; chain < kChains; ++chain) {
    // Chains differ, else the compiler would compute one for all of them; the mean of their starts is 0.
    x[chain] = Floats{} + (static_cast<float>(chain) - (kChains - 1) / 2.0F);
  }
  for (std::int64_t step = 0; step < steps; ++step) {
#pragma GCC unroll 12
    for (int chain = 0; chain < kChains; ++chain) {
      x[chain] = x[chain] * half + one;
    }
  }
  double sum = 0;
  for (int chain = 0; chain < kChains; ++chain) {
    for (int lane = 0; lane < kLanes; ++lane) {
      sum += static_cast<double>(x[chain][lane]);
    }
  }
  return {2 * steps * kChains * kLanes, sum / (kChains * kLanes)};
}

/// Four streams far apart keep more lines on their way than one, and lines asked for ahead keep them coming across the
/// ends of pages, where the prefetcher of the hardware stops.
constexpr int kReadStreams = 4;
constexpr std::int64_t kLinesAhead = 24;

std::uint64_t read_stream(const void* data, std::int64_t bytes) {
  typedef std::uint64_t Line __attribute__((vector_size(64)));
  const auto* lines = static_cast<const Line*>(data);
  const std::int64_t count = bytes / static_cast<std::int64_t>(sizeof(Line)) / kReadStreams;  // of each stream
  Line x[kReadStreams] = {};
  for (std::int64_t i = 0; i < count; ++i) {
#pragma GCC unroll 4
    for (int stream = 0; stream < kReadStreams; ++stream) {
      const Line* line = lines + stream * count + i;
      __builtin_prefetch(line + kLinesAhead);
      x[stream] ^= *line;
    }
  }
  const Line all = x[0] ^ x[1] ^ x[2] ^ x[3];
  std::uint64_t result = 0;
  for (int word = 0; word < 8; ++word) {
    result ^= all[word];
  }
  return result;
}

}  // namespace
}  // namespace octet::cpu
