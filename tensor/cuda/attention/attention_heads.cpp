#include "tensor/cuda/attention/attention_heads.h"

#include "base/error.h"
#include "tensor/cuda/gemm/products.h"
#include "tensor/cuda/runtime/runtime.h"

namespace octet::cuda {

bool attention_by_mma(std::int64_t head_dim) {
  return math_mode() != MathMode::fp32 && head_dim <= 128;
}

void refuse_heads(std::int64_t head_dim, std::int64_t widest, std::size_t bytes) {
  if (head_dim > widest) {
    fail(ErrorKind::capability, "[attention] expected heads of at most {} columns on a GPU, got {}", widest, head_dim);
  }
  fail(ErrorKind::capability,
       "[attention] expected a GPU that grants a block {} bytes of shared memory, got {} with {}", bytes, device().name,
       device().shared_bytes);
}

}  // namespace octet::cuda
