#include <algorithm>
#include <numeric>

#include "tensor/cpu/tables.h"

namespace octet::cpu {

void pad_rows(const PadRowsArgs& args) {
  const CodeLayout& layout = args.layout;
  std::fill_n(args.padded, args.rows * layout.stride, 0.0F);
  for (std::int64_t m = 0; m < args.rows; ++m) {
    for (std::int64_t group = 0; group < layout.groups; ++group) {
      const std::int64_t first = group * layout.group;
      std::copy_n(args.x + m * layout.columns + first, std::min(layout.group, layout.columns - first),
                  args.padded + m * layout.stride + layout.begin(group));
    }
  }
}

void group_sums(const GroupSumsArgs& args) {
  const CodeLayout& layout = args.layout;
  for (std::int64_t m = 0; m < args.rows; ++m) {
    const float* row = args.padded + m * layout.stride;
    for (std::int64_t group = 0; group < layout.groups; ++group) {
      args.sums[m * layout.groups + group] = std::accumulate(row + layout.begin(group), row + layout.end(group), 0.0F);
    }
  }
}

}  // namespace octet::cpu
