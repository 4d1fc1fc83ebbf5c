#include "tensor/cuda/runtime/check_layout.h"

#include "base/error.h"

namespace octet::cuda {

void check_layout(const char* name, const CodeLayout& layout) {
  constexpr std::int64_t kShortestStep = 4, kLimit = (std::int64_t{1} << 31) * kShortestStep * kShortestStep;
  if (layout.stride * layout.group_stride >= kLimit) {
    fail(ErrorKind::run, "[{}] expected codes of a row times codes of a group below {}, got {} times {}", name, kLimit,
         layout.stride, layout.group_stride);
  }
}

}  // namespace octet::cuda
