#include "tensor/cuda/attention/kv_store.h"
#include "tensor/cuda/runtime/tables.h"

namespace octet::cuda {
namespace {

constexpr int kAppendThreads = 256;
constexpr std::int64_t kAppended = kAppendThreads / kWarp;  // positions of a block, one a warp

/// Blocks: (groups of new positions, heads of keys, batch).
template <typename T>
__global__ void append_kernel(CachedAttentionArgs args) {
  const std::int64_t begin = args.past + blockIdx.x * kAppended;
  const std::int64_t end = begin + kAppended < args.keys() ? begin + kAppended : args.keys();
  append_positions<T>(args, blockIdx.z, blockIdx.y, begin, end);
}

constexpr int kLoadThreads = 256;
constexpr int kLoadColumns = 32;  // a warp writes 128 bytes of a row

/// Keys of one panel as rows of floats, through shared memory: both sides are read and written in order.
template <typename T>
__device__ void load_panel(const KvHead<T>& from, std::int64_t first, std::int64_t count, std::int64_t row,
                           float* keys) {
  __shared__ float tile[kLoadColumns][kKvPanel + 1];  // 65 apart: a column of the tile lies in different banks
  const int panel = static_cast<int>(kKvPanel);
  for (std::int64_t d = 0; d < from.dim; d += kLoadColumns) {
    for (int i = static_cast<int>(threadIdx.x); i < kLoadColumns * panel; i += kLoadThreads) {
      const int column = i / panel, position = i % panel;
      if (d + column < from.dim && position < count) {
        const float scale = from.key_scales == nullptr ? 1.0F : from.key_scales[first + position];
        tile[column][position] = static_cast<float>(from.key(first + position)[(d + column) * kKvPanel]) * scale;
      }
    }
    __syncthreads();
    for (int i = static_cast<int>(threadIdx.x); i < kLoadColumns * panel; i += kLoadThreads) {
      const int column = i % kLoadColumns, position = i / kLoadColumns;
      if (d + column < from.dim && position < count) {
        keys[position * row + d + column] = tile[column][position];
      }
    }
    __syncthreads();
  }
}

/// What is stored of one panel of one head, as rows of floats. Blocks: (panels, heads of keys, batch).
template <typename T>
__global__ void load_kernel(CachedAttentionArgs args, float* keys, float* values) {
  const KvHead<T> from(args, blockIdx.z, blockIdx.y);
  const std::int64_t first = blockIdx.x * kKvPanel, row = args.kv_heads * from.dim;
  const std::int64_t count = first + kKvPanel < args.keys() ? kKvPanel : args.keys() - first;
  const std::int64_t to = (blockIdx.z * args.keys() + first) * row + blockIdx.y * from.dim;
  load_panel(from, first, count, row, keys + to);
  for (std::int64_t i = threadIdx.x; i < count * from.dim; i += kLoadThreads) {
    const std::int64_t position = i / from.dim, d = i % from.dim;
    const float scale = from.value_scales == nullptr ? 1.0F : from.value_scales[first + position];
    values[to + position * row + d] = static_cast<float>(from.value(first)[i]) * scale;
  }
}

dim3 kv_blocks(const CachedAttentionArgs& args, std::int64_t positions, std::int64_t each) {
  return dim3(blocks_for(positions, each), static_cast<unsigned>(args.kv_heads), static_cast<unsigned>(args.batch));
}

}  // namespace

void append_keys_values(const CachedAttentionArgs& args) {
  const Grid grid = {kv_blocks(args, args.time, kAppended), dim3(kAppendThreads)};
  const bool f32 = args.store.format == KvFormat::f32;
  launch("append_keys_values", f32 ? append_kernel<float> : append_kernel<std::int8_t>, grid, args);
}

void load_keys_values(const CachedAttentionArgs& args, float* keys, float* values) {
  const Grid grid = {kv_blocks(args, args.keys(), kKvPanel), dim3(kLoadThreads)};
  const bool f32 = args.store.format == KvFormat::f32;
  launch("load_keys_values", f32 ? load_kernel<float> : load_kernel<std::int8_t>, grid, args, keys, values);
}

}  // namespace octet::cuda
