#include "tensor/cuda/language/device.h"
#include "tensor/cuda/runtime/tables.h"

namespace octet::cuda {
namespace {

constexpr int kThreads = 128;

/// A warp for each group of each row. Blocks are four groups of one row.
__global__ void group_sums_kernel(GroupSumsArgs args) {
  const CodeLayout& layout = args.layout;
  const std::int64_t group = std::int64_t{blockIdx.y} * (kThreads / kWarp) + warp_id();
  if (group >= layout.groups) {
    return;  // the whole warp
  }
  const std::int64_t row = blockIdx.x;
  const float* padded = args.padded + row * layout.stride;
  const std::int64_t begin = group * layout.group_stride;
  const std::int64_t end = group + 1 < layout.groups ? begin + layout.group_stride : layout.stride;
  float sum = 0.0F;
  for (std::int64_t k = begin + lane_id(); k < end; k += kWarp) {
    sum += padded[k];
  }
  sum = warp_sum(sum);
  if (lane_id() == 0) {
    args.sums[row * layout.groups + group] = sum;
  }
}

}  // namespace

void group_sums(const GroupSumsArgs& args) {
  if (args.rows > 0) {
    const dim3 blocks(static_cast<unsigned>(args.rows), blocks_for(args.layout.groups, kThreads / kWarp));
    launch("group_sums", group_sums_kernel, {blocks, dim3(kThreads)}, args);
  }
}

}  // namespace octet::cuda
