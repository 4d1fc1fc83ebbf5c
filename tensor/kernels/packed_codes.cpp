#include "tensor/kernels/packed_codes.h"

#include <algorithm>

#include "base/error.h"

namespace octet {

CodeLayout code_layout(std::int64_t columns, std::int64_t group, std::int64_t step) {
  check(columns >= 1, "[codes] expected rows of at least 1 column, got {}", columns);
  check(group >= 1, "[codes] expected a group of at least 1 column, got {}", group);
  const auto padded = [step](std::int64_t codes) { return (codes + step - 1) / step * step; };
  CodeLayout layout{};
  layout.columns = columns;
  layout.group = std::min(group, columns);
  check(layout.group <= kMaxGroup, "[codes] expected a group of at most {} columns for exact int32 sums, got {}",
        kMaxGroup, layout.group);
  layout.groups = (columns + layout.group - 1) / layout.group;
  layout.group_stride = padded(layout.group);
  const std::int64_t last = columns - (layout.groups - 1) * layout.group;
  layout.stride = (layout.groups - 1) * layout.group_stride + padded(last);
  return layout;
}

}  // namespace octet
