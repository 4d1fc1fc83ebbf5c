#pragma once

#include "eval/speed/machine_limits.h"
#include "eval/speed/speed_task.h"

namespace octet {

/// What a task has to do at least, whatever the kernels: the numerators of GOP/s and GB/s, and of the share of the
/// machine's limits.
struct BenchWork {
  double int8_operations = 0;  ///< products of int8 codes; multiplication and addition count as 2
  double fp32_operations = 0;  ///< all other products: of FP32 layers, dequantized ones and attention
  double bytes = 0;            ///< weights as stored, scales included, and keys and values; once for each pass
  double pass_bytes = 0;       ///< of the last pass: what a cache would have to hold

  double operations() const { return int8_operations + fp32_operations; }
};

/// Counted over the layers of the model. Norms, activations and the look-up of embeddings are left out: about 1 %.
BenchWork bench_work(Gpt& model, const SpeedTask& task);

/// Bytes of all weights as stored.
std::int64_t stored_bytes(Gpt& model);

/// The limit that a task meets first: the roofline. Unknown, with a rate of 0 and NaN seconds, where one that takes
/// part could not be measured.
struct BenchLimit {
  enum class Kind { fp32, int8, read };

  Kind kind = Kind::read;
  double rate = 0;     ///< GFLOP/s, GOP/s or GB/s
  double seconds = 0;  ///< that the task would take at the limit

  /// "int8 1504 GOP/s", "read 33.6 GB/s"; "n/a" where it is unknown
  std::string name() const;
};

/// The larger of the time for the operations, each kind at its peak, and of the time for the bytes at `read_gbps`, the
/// bandwidth at the size of a pass.
BenchLimit bench_limit(const BenchWork& work, const MachineLimits& machine, double read_gbps);

}  // namespace octet
