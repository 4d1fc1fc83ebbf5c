#pragma once

#include <cstddef>
#include <cstdint>

// What attention decides on the host. Apart from the kernels, since nvcc cannot compile the formatting of messages.

namespace octet::cuda {

/// Whether attention of such heads runs on tensor cores: math: tf32 or bf16 (products.h), and heads of at most 128
/// columns; the sums of wider ones do not fit in registers.
bool attention_by_mma(std::int64_t head_dim);

/// Throws: heads of head_dim columns are wider than `widest`, which is the most that kernels can do; or the last tile,
/// of `bytes`, is more than the shared memory that the chip grants a block.
[[noreturn]] void refuse_heads(std::int64_t head_dim, std::int64_t widest, std::size_t bytes);

}  // namespace octet::cuda
