#pragma once

#include <cstdint>

namespace octet::cuda {

/// What kernels of a token do while the one before them still runs. fetch: they are brought to processors, and those
/// that read a weight ask memory for it (fetch_ahead in panels/few_rows.h).
enum class EarlyStart { off, on, fetch };

/// Choices that reading cannot decide. Each has a variable of the environment, so that scripts/gpu_check.sh can measure
/// both ways with one program.
struct Switches {
  /// OCTET_SPLIT_SUMS=on|off: cuBLASLt may cut long FP32 sums along K, so that a product with few results fills the
  /// chip. The parts are added up in a fixed order either way.
  bool split_sums = true;
  /// OCTET_JOINT_BIAS=on|off: the gradient of a bias comes with that of its weight, by one product of cuBLASLt (its
  /// epilogue BGRADB), which saves a reading of dy. Off until a GPU has shown that its order of sums is fixed and that
  /// the algorithms with it are as fast.
  bool joint_bias = false;
  /// OCTET_EXPAND_ROWS: with more rows than this, FP32 activations meet weights that were written out as FP32 for a
  /// product of cuBLASLt; with fewer, packed weights. Arithmetic: to write and read a weight costs 8 bytes, what the
  /// product saves grows with the rows.
  std::int64_t expand_rows = 64;
  /// OCTET_MMA_ROWS: products of int8 activations use tensor cores from this many rows on (few_rows_mma.h), and dp4a
  /// below (few_rows.h); 1 for always, 17 for never. 3 by arithmetic: dp4a is then bound by its instructions, not by
  /// the bytes of the weight.
  std::int64_t mma_rows = 3;
  /// OCTET_QUANTIZE_IN_PRODUCT=on|off: the row of a token is quantized by the kernel that multiplies it
  /// (quantizing_linear.cu), which saves a start and costs each block a reading of the row.
  bool quantize_in_product = true;
  /// OCTET_LARGE_TILES=on|off: products of many rows of int8 activations may use tiles of 128 x 128 outputs.
  bool large_tiles = true;
  /// OCTET_EARLY_START=off|on|fetch: kernels of a token may be brought to processors while the one before runs
  /// (launch_early). They wait there, and nothing that they compute changes. Off until a GPU has shown that it helps.
  EarlyStart early_start = EarlyStart::off;
};

/// Read from the environment at the first call. Errors: a value that is none of its variable.
Switches& switches();

}  // namespace octet::cuda
