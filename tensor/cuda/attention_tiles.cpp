#include <cstdint>

#include "base/error.h"
#include "tensor/cuda/products.h"

// What attention decides on the host. Apart from the kernels, since nvcc cannot compile the formatting of messages.

namespace octet::cuda {

[[noreturn]] void refuse_heads(std::int64_t head_dim, std::int64_t widest) {
  fail(ErrorKind::capability, "[attention] expected heads of at most {} columns on a GPU, got {}", widest, head_dim);
}

bool attention_by_mma(std::int64_t head_dim) {
  return math_mode() != MathMode::fp32 && head_dim <= 128;
}

}  // namespace octet::cuda
