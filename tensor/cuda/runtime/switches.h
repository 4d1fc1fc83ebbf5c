#pragma once

#include <cstdint>

namespace octet::cuda {

/// Choices that reading cannot decide. Each has a variable of the environment, so that scripts/gpu_check.sh can measure
/// both ways with one program.
struct Switches {
  /// OCTET_SPLIT_SUMS=on|off: cuBLASLt may cut long FP32 sums along K, so that a product with few results fills the
  /// chip. The parts are added up in a fixed order either way.
  bool split_sums = true;
  /// OCTET_EXPAND_ROWS: with more rows than this, FP32 activations meet weights that were written out as FP32 for a
  /// product of cuBLASLt; with fewer, packed weights. Arithmetic: to write and read a weight costs 8 bytes, what the
  /// product saves grows with the rows.
  std::int64_t expand_rows = 64;
  /// OCTET_MMA_ROWS: products of int8 activations use tensor cores from this many rows on (few_rows_mma.h), and dp4a
  /// below (few_rows.h); 1 for always, 17 for never. 3 by arithmetic: dp4a is then bound by its instructions, not by
  /// the bytes of the weight.
  std::int64_t mma_rows = 3;
  /// OCTET_EARLY_START=on|off: kernels of a token may be brought to processors while the one before runs
  /// (launch_early). They wait there, and nothing that they compute changes. Off until a GPU has shown that it helps.
  bool early_start = false;
};

/// Read from the environment at the first call. Errors: a value that is none of its variable.
Switches& switches();

}  // namespace octet::cuda
