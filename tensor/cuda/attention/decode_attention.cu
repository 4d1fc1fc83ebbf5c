#include "tensor/cuda/attention/kv_store.h"
#include "tensor/cuda/language/vectors.h"
#include "tensor/cuda/runtime/tables.h"

// Attention of few queries to many stored positions, as in generation. The memory is the limit: each key and value is
// read once, four at a time, for up to kRows queries that share it, and codes become floats in registers.
//
// A block is one head of keys and values and one range of positions. Where there are several ranges, each leaves its
// own maximum, sum and weighted values; merging them afterwards gives the softmax over all (Dao et al. 2022,
// https://arxiv.org/abs/2205.14135, section 3.1). A single range is divided by its sum at once, and needs no second
// kernel.

namespace octet::cuda {
namespace {

constexpr int kThreads = 128;
constexpr int kRange = static_cast<int>(kKvRange), kPanel = static_cast<int>(kKvPanel);
static_assert(kRange / kPanel == kThreads / kWarp, "a warp computes the scores of one panel");

__device__ float4 load_four(const float* x) {
  return *reinterpret_cast<const float4*>(x);
}
__device__ float4 load_four(const std::int8_t* x) {
  const int codes = *reinterpret_cast<const int*>(x);
  const auto code = [codes](int i) { return static_cast<float>(static_cast<std::int8_t>(codes >> 8 * i)); };
  return make_float4(code(0), code(1), code(2), code(3));
}
/// kCount columns of a value: 4, or 1 where D is not a multiple of 4. The others are 0.
template <int kCount, typename T>
__device__ float4 load_columns(const T* x) {
  if constexpr (kCount == 4) {
    return load_four(x);
  } else {
    return make_float4(static_cast<float>(*x), 0.0F, 0.0F, 0.0F);
  }
}

/// Shared memory of a block, for kRows queries.
template <int kRows>
struct DecodeMemory {
  float* weights;  // (kRows, kRange): scores, then weights of the values
  float* queries;  // (D, kRows)
  float* sums;     // (slices, kRows, D)

  __device__ DecodeMemory(float* memory, std::int64_t dim)
      : weights(memory), queries(weights + kRows * kRange), sums(queries + kRows * dim) {}

  static std::size_t bytes(std::int64_t dim) {
    const std::int64_t slices = dim > 4 * kThreads ? dim : 4 * kThreads;  // slices * D is at most that
    return static_cast<std::size_t>(kRows * (kRange + dim + slices)) * sizeof(float);
  }
};

/// One head of keys and values, positions [begin, end), and `rows` queries that share it, at most kRows, from `first`
/// on: query row = t * group + member.
struct DecodeTask {
  std::int64_t batch, head, begin, end, first, rows;
  float* partial;  // (rows, D + 2): weighted values, maximum, sum

  /// Positions of the range that query row `row` of the task sees; may be negative.
  __device__ std::int64_t visible(const CachedAttentionArgs& args, std::int64_t row) const {
    const std::int64_t last = args.past + (first + row) / args.group() + 1;
    return (last < end ? last : end) - begin;
  }
};

/// The result (D) of a query row: t * group + member.
__device__ float* result_of(const CachedAttentionArgs& args, std::int64_t batch, std::int64_t head, std::int64_t row) {
  const std::int64_t group = args.group();
  return args.y + ((batch * args.time + row / group) * args.heads + head * group + row % group) * args.head_dim;
}

template <int kRows>
__device__ void load_queries(const CachedAttentionArgs& args, const DecodeTask& task,
                             const DecodeMemory<kRows>& memory) {
  const std::int64_t group = args.group(), dim = args.head_dim;
  for (std::int64_t i = threadIdx.x; i < kRows * dim; i += kThreads) {
    const std::int64_t row = i / dim, d = i % dim, query = task.first + row;
    const float* q =
        args.qkv + (task.batch * args.time + query / group) * args.width() + (task.head * group + query % group) * dim;
    memory.queries[d * kRows + row] = row < task.rows ? rotated(args, q, args.past + query / group)[d] : 0.0F;
  }
}

/// scores = q k^T for whole panels; those beyond the visible positions are never read. Half a warp has a row of the
/// panel, 4 positions a thread; the halves take turns at rows.
template <typename T, int kRows>
__device__ void decode_scores(const KvHead<T>& head, const DecodeTask& task, const DecodeMemory<kRows>& memory) {
  const std::int64_t first = task.begin + warp_id() * kPanel;
  if (first >= task.end) {
    return;  // with all of its warp
  }
  const int half = lane_id() / 16, position = lane_id() % 16 * 4;
  const T* panel = head.panel(first) + position;
  float4 scores[kRows] = {};
#pragma unroll 8
  for (std::int64_t d = half; d < head.dim; d += 2) {
    const float4 k = load_four(panel + d * kPanel);
#pragma unroll
    for (int row = 0; row < kRows; ++row) {
      add_scaled(memory.queries[d * kRows + row], k, scores[row]);
    }
  }
#pragma unroll
  for (int row = 0; row < kRows; ++row) {
    float4 other;
    other.x = __shfl_xor_sync(kAllLanes, scores[row].x, 16);
    other.y = __shfl_xor_sync(kAllLanes, scores[row].y, 16);
    other.z = __shfl_xor_sync(kAllLanes, scores[row].z, 16);
    other.w = __shfl_xor_sync(kAllLanes, scores[row].w, 16);
    add_scaled(1.0F, other, scores[row]);
    if (half == 0) {
      *reinterpret_cast<float4*>(memory.weights + row * kRange + warp_id() * kPanel + position) = scores[row];
    }
  }
}

/// Scores of the rows become weights of the values, a row a warp. Leaves maximum and sum in `partial`.
template <typename T, int kRows>
__device__ void decode_weights(const CachedAttentionArgs& args, const KvHead<T>& head, const DecodeTask& task,
                               const DecodeMemory<kRows>& memory) {
  constexpr int kEach = kRange / kWarp;
  const float factor = 1.0F / sqrtf(static_cast<float>(head.dim));
  for (int row = warp_id(); row < task.rows; row += kThreads / kWarp) {
    const std::int64_t visible = task.visible(args, row);
    float* weights = memory.weights + row * kRange;
    float scores[kEach], max = -INFINITY, sum = 0.0F;
    for (int i = 0; i < kEach; ++i) {
      const int position = i * kWarp + lane_id();
      scores[i] = 0.0F;
      if (position < visible) {
        const float key_scale = head.key_scales == nullptr ? 1.0F : head.key_scales[task.begin + position];
        scores[i] = weights[position] * factor * key_scale;
        max = fmaxf(max, scores[i]);
      }
    }
    max = warp_max(max);
    for (int i = 0; i < kEach; ++i) {
      const int position = i * kWarp + lane_id();
      float weight = 0.0F;
      if (position < visible) {
        weight = expf(scores[i] - max);
        sum += weight;
        weight *= head.value_scales == nullptr ? 1.0F : head.value_scales[task.begin + position];
      }
      weights[position] = weight;
    }
    sum = warp_sum(sum);
    if (lane_id() == 0) {
      float* partial = task.partial + row * (head.dim + 2);
      partial[head.dim] = max;
      partial[head.dim + 1] = sum;
    }
  }
}

/// sums = weights * values, each slice every so many positions. kCount columns a thread: as many slices as there are
/// threads for. Returns the number of slices.
template <int kCount, typename T, int kRows>
__device__ int add_values(const KvHead<T>& head, const DecodeTask& task, const DecodeMemory<kRows>& memory) {
  const int dim = static_cast<int>(head.dim), columns = dim / kCount, thread = static_cast<int>(threadIdx.x);
  const int slices = columns < kThreads ? kThreads / columns : 1;
  const int slice = slices == 1 ? 0 : thread / columns;
  const int count = static_cast<int>(task.end - task.begin);
  for (int column = thread - slice * columns; column < columns && slice < slices; column += kThreads) {
    const T* values = head.value(task.begin) + column * kCount;
    float4 sums[kRows] = {};
#pragma unroll 8
    for (int position = slice; position < count; position += slices) {
      const float4 v = load_columns<kCount>(values + position * dim);
#pragma unroll
      for (int row = 0; row < kRows; ++row) {
        add_scaled(memory.weights[row * kRange + position], v, sums[row]);
      }
    }
#pragma unroll
    for (int row = 0; row < kRows; ++row) {
      float* to = memory.sums + (slice * kRows + row) * dim + column * kCount;
      to[0] = sums[row].x;
      if constexpr (kCount == 4) {
        to[1] = sums[row].y, to[2] = sums[row].z, to[3] = sums[row].w;
      }
    }
  }
  return slices;
}

template <typename T, int kRows>
__device__ void decode_values(const CachedAttentionArgs& args, const KvHead<T>& head, const DecodeTask& task,
                              const DecodeMemory<kRows>& memory) {
  const int dim = static_cast<int>(head.dim);
  const int slices = dim % 4 == 0 ? add_values<4>(head, task, memory) : add_values<1>(head, task, memory);
  __syncthreads();
  for (int i = static_cast<int>(threadIdx.x); i < task.rows * dim; i += kThreads) {
    float sum = 0.0F;
    for (int slice = 0; slice < slices; ++slice) {
      sum += memory.sums[slice * kRows * dim + i];
    }
    const int row = i / dim, d = i % dim;
    float* partial = task.partial + row * (dim + 2);
    if (gridDim.x == 1) {
      result_of(args, task.batch, task.head, task.first + row)[d] = sum * (1.0F / partial[dim + 1]);
    } else {
      partial[d] = sum;
    }
  }
}

/// Blocks: (ranges, heads of keys, batch). More than kRows queries are done in turns, and all turns but the first find
/// keys and values in the cache.
template <typename T, int kRows>
__global__ void decode_range_kernel(CachedAttentionArgs given) {
  wait_for_previous();
  const CachedAttentionArgs args = at_present(given);
  if (blockIdx.x >= kv_ranges(args.keys())) {
    return;  // with all of its block: there may be fewer ranges than the grid was made for
  }
  const KvHead<T> head(args, blockIdx.z, blockIdx.y);
  const DecodeMemory<kRows> memory(dynamic_shared<float>(), args.head_dim);
  const std::int64_t rows = args.group() * args.time, begin = blockIdx.x * kKvRange;
  const std::int64_t index =
      (static_cast<std::int64_t>(blockIdx.z) * args.kv_heads + blockIdx.y) * gridDim.x + blockIdx.x;
  DecodeTask task = {blockIdx.z, blockIdx.y, begin,  begin + kKvRange < args.keys() ? begin + kKvRange : args.keys(),
                     0,          0,          nullptr};
  append_positions<T>(args, task.batch, task.head, begin > args.past ? begin : args.past, task.end);
  for (task.first = 0; task.first < rows; task.first += kRows) {
    task.rows = rows - task.first < kRows ? rows - task.first : kRows;
    task.partial = args.scratch + (index * rows + task.first) * (args.head_dim + 2);
    load_queries(args, task, memory);
    __syncthreads();  // what was appended is there too
    decode_scores(head, task, memory);
    __syncthreads();
    decode_weights(args, head, task, memory);
    __syncthreads();
    decode_values(args, head, task, memory);
  }
}

/// y of one query from what the ranges left, in their order. Blocks: (query rows, heads of keys, batch).
__global__ void merge_ranges_kernel(CachedAttentionArgs given, std::int64_t most_ranges) {
  wait_for_previous();
  const CachedAttentionArgs args = at_present(given);
  const std::int64_t ranges = kv_ranges(args.keys());
  const std::int64_t rows = gridDim.x, row = blockIdx.x, head = blockIdx.y, batch = blockIdx.z;
  const std::int64_t dim = args.head_dim, stride = rows * (dim + 2);
  const float* partial = args.scratch + ((batch * args.kv_heads + head) * most_ranges * rows + row) * (dim + 2);
  float max = partial[dim];
  for (std::int64_t range = 1; range < ranges; ++range) {
    max = fmaxf(max, partial[range * stride + dim]);
  }
  float* y = result_of(args, batch, head, row);
  for (std::int64_t d = threadIdx.x; d < dim; d += kThreads) {
    float sum = 0.0F, value = 0.0F;
    for (std::int64_t range = 0; range < ranges; ++range) {
      const float* part = partial + range * stride;
      const float weight = expf(part[dim] - max);
      sum = fmaf(weight, part[dim + 1], sum);
      value = fmaf(weight, part[d], value);
    }
    y[d] = value * (1.0F / sum);
  }
}

template <typename T, int kRows>
void decode_ranges(const CachedAttentionArgs& args) {
  const dim3 blocks(static_cast<unsigned>(kv_ranges(args.keys())), static_cast<unsigned>(args.kv_heads),
                    static_cast<unsigned>(args.batch));
  launch_early("decode_attention, ranges", decode_range_kernel<T, kRows>,
               {blocks, dim3(kThreads), DecodeMemory<kRows>::bytes(args.head_dim)}, args);
}

template <typename T>
void decode_rows(const CachedAttentionArgs& args) {
  const std::int64_t rows = args.group() * args.time;
  rows == 1 ? decode_ranges<T, 1>(args) : rows <= 4 ? decode_ranges<T, 4>(args) : decode_ranges<T, 8>(args);
}

}  // namespace

/// The partial result of every range.
std::int64_t decode_scratch(const CachedAttentionArgs& args) {
  return args.batch * args.kv_heads * kv_ranges(args.keys()) * args.group() * args.time * (args.head_dim + 2);
}

void decode_attention(const CachedAttentionArgs& args) {
  args.store.format == KvFormat::f32 ? decode_rows<float>(args) : decode_rows<std::int8_t>(args);
  const std::int64_t ranges = kv_ranges(args.keys());
  if (ranges > 1) {
    const dim3 blocks(static_cast<unsigned>(args.group() * args.time), static_cast<unsigned>(args.kv_heads),
                      static_cast<unsigned>(args.batch));
    launch_early("decode_attention, merge", merge_ranges_kernel, {blocks, dim3(kThreads)}, args, ranges);
  }
}

}  // namespace octet::cuda
