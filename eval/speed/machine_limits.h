#pragma once

#include <cstdint>
#include <string>

#include "tensor/storage.h"

namespace octet {

/// What a device can do at most with its active backend, a CPU with this number of threads: the roofline that speeds
/// are judged by. Multiplication and addition count as 2 operations.
struct MachineLimits {
  /// Multiply-adds in registers, or those of a large product where that is faster (tensor cores).
  double peak_fp32_gflops = 0;
  double peak_int8_gops = 0;  ///< products of bytes and their int32 sums, likewise
  double read_gbps = 0;       ///< 1e9 bytes per second, reading memory that no cache holds
  int threads = 0;
  std::string isa = {};      ///< "AVX-512 with VNNI integer products"
  std::string backend = {};  ///< "cpu-avx512vnni"

  template <class V>
  void visit(V& v) {
    v("peak_fp32_gflops", peak_fp32_gflops);
    v("peak_int8_gops", peak_int8_gops);
    v("read_gbps", read_gbps);
    v("threads", threads);
    v("isa", isa);
    v("backend", backend);
  }
};

/// Measures all of them, in about half a second. Each is the best of several short runs, since other work on the
/// machine can only slow a run down.
MachineLimits measure_machine_limits(DeviceKind device = DeviceKind::cpu);

double measure_peak_fp32_gflops(DeviceKind device = DeviceKind::cpu);
double measure_peak_int8_gops(DeviceKind device = DeviceKind::cpu);

/// Reading `bytes` (rounded up to a few KiB per thread) again and again: weights that fit a cache are read faster than
/// those that do not, so they have another limit. Sizes above out_of_cache_bytes() are measured as that one, on a GPU
/// all sizes as what no cache holds. Errors (config): bytes < 1.
double measure_read_gbps(std::int64_t bytes, DeviceKind device = DeviceKind::cpu);

/// A buffer of which the last-level cache holds at most half when it is read from end to end, over and over: twice the
/// cache or 256 MiB, whichever is more, but at most a quarter of the free memory. A virtual machine may report a cache
/// that it shares with others: then less is held.
std::int64_t out_of_cache_bytes();

}  // namespace octet
