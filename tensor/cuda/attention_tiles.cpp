#include <cstdint>

#include "base/error.h"

// Apart from the kernels, since nvcc cannot compile the formatting of messages.

namespace octet::cuda {

[[noreturn]] void refuse_heads(std::int64_t head_dim, std::int64_t widest) {
  fail(ErrorKind::capability, "[attention] expected heads of at most {} columns on a GPU, got {}", widest, head_dim);
}

}  // namespace octet::cuda
