#pragma once

#include "tensor/cpu/kernels/kv_store.h"
#include "tensor/cpu/kernels/rope.h"
#include "tensor/cpu/kernels/softmax.h"

// Attention of few queries to many stored positions, as in generation. The memory is the limit: each key and value is
// read once, in the order of memory, for all queries that share it, and codes become floats in registers.
//
// A task is one head of keys and values and one range of positions. Each leaves its own maximum, sum and weighted
// values; merging them afterwards gives the softmax over all ranges (Dao et al. 2022, https://arxiv.org/abs/2205.14135,
// section 3.1).

namespace octet::cpu {
namespace {

/// y[0 .. n) += sum over i < count of weights[i] * x[i stride .. i stride + n). Eight rows at a time, so that y is
/// loaded and stored once for eight; their products are added in pairs to keep the chain of additions short.
template <typename T>
[[gnu::always_inline]] inline void add_weighted_rows(const T* x, std::int64_t stride, const float* weights,
                                                     std::int64_t count, std::int64_t n, float* y) {
  std::int64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    const float* w = weights + i;
    const float w0 = w[0], w1 = w[1], w2 = w[2], w3 = w[3], w4 = w[4], w5 = w[5], w6 = w[6], w7 = w[7];
    const T* r = x + i * stride;
#pragma omp simd
    for (std::int64_t c = 0; c < n; ++c) {
      const float a = w0 * static_cast<float>(r[c]) + w1 * static_cast<float>(r[stride + c]);
      const float b = w2 * static_cast<float>(r[2 * stride + c]) + w3 * static_cast<float>(r[3 * stride + c]);
      const float d = w4 * static_cast<float>(r[4 * stride + c]) + w5 * static_cast<float>(r[5 * stride + c]);
      const float e = w6 * static_cast<float>(r[6 * stride + c]) + w7 * static_cast<float>(r[7 * stride + c]);
      y[c] += (a + b) + (d + e);
    }
  }
  for (; i < count; ++i) {
    const float w = weights[i];
#pragma omp simd
    for (std::int64_t c = 0; c < n; ++c) {
      y[c] += w * static_cast<float>(x[i * stride + c]);
    }
  }
}

/// One head of keys and values, positions [begin, end).
struct DecodeTask {
  std::int64_t batch, head, begin, end;
  float* scores;   // (rows, kKvRange)
  float* partial;  // (rows, D + 2): weighted values, maximum, sum
};

/// Queries that share a head of keys and values: row = t * group + member.
const float* decode_query(const CachedAttentionArgs& args, const DecodeTask& task, std::int64_t row) {
  const std::int64_t group = args.group();
  return args.qkv + (task.batch * args.time + row / group) * args.width() +
         (task.head * group + row % group) * args.head_dim;
}

/// scores = q k^T for whole panels; those beyond the visible positions are never read.
template <typename T>
void decode_scores(const CachedAttentionArgs& args, const DecodeTask& task, std::int64_t rows, const KvHead<T>& head) {
  for (std::int64_t first = task.begin; first < task.end; first += kKvPanel) {
    for (std::int64_t row = 0; row < rows; ++row) {
      float scores[kKvPanel] = {};
      add_weighted_rows(head.panel(first), kKvPanel, decode_query(args, task, row), args.head_dim, kKvPanel, scores);
      __builtin_memcpy(task.scores + row * kKvRange + first - task.begin, scores, sizeof scores);
    }
  }
}

inline void multiply_row(const float* factors, std::int64_t count, float* x) {
#pragma omp simd
  for (std::int64_t i = 0; i < count; ++i) {
    x[i] *= factors[i];
  }
}

/// Scores of one row become weights of the values.
template <typename T>
SoftmaxSum decode_weights(const KvHead<T>& head, std::int64_t begin, std::int64_t visible, float* weights) {
  if (visible <= 0) {
    return {-__builtin_inff(), 0.0F};
  }
  scale_row(weights, visible, 1.0F / square_root(static_cast<float>(head.dim)));
  if (head.key_scales != nullptr) {
    multiply_row(head.key_scales + begin, visible, weights);
  }
  const SoftmaxSum total = exponentials(weights, visible, weights);
  if (head.value_scales != nullptr) {
    multiply_row(head.value_scales + begin, visible, weights);
  }
  return total;
}

template <typename T>
void decode_range(const CachedAttentionArgs& args, const DecodeTask& task) {
  const KvHead<T> head(args, task.batch, task.head);
  const std::int64_t rows = args.group() * args.time, dim = args.head_dim;
  const auto visible = [&](std::int64_t row) {
    const std::int64_t end = args.past + row / args.group() + 1;
    return (end < task.end ? end : task.end) - task.begin;
  };
  append_positions<T>(args, task.batch, task.head, task.begin > args.past ? task.begin : args.past, task.end);
  decode_scores(args, task, rows, head);
  for (std::int64_t row = 0; row < rows; ++row) {
    float* partial = task.partial + row * (dim + 2);
    const SoftmaxSum total = decode_weights(head, task.begin, visible(row), task.scores + row * kKvRange);
    __builtin_memset(partial, 0, static_cast<std::size_t>(dim) * sizeof *partial);
    partial[dim] = total.max;
    partial[dim + 1] = total.sum;
  }
  for (std::int64_t first = task.begin; first < task.end; first += kKvPanel) {
    const std::int64_t offset = first - task.begin;
    for (std::int64_t row = 0; row < rows; ++row) {
      const std::int64_t count = visible(row) - offset < kKvPanel ? visible(row) - offset : kKvPanel;
      add_weighted_rows(head.value(first), dim, task.scores + row * kKvRange + offset, count, dim,
                        task.partial + row * (dim + 2));
    }
  }
}

/// y of one query from what the ranges left, `stride` floats apart, in their order.
void merge_ranges(const float* partial, std::int64_t stride, std::int64_t ranges, std::int64_t dim, float* y) {
  float max = partial[dim];
  for (std::int64_t range = 1; range < ranges; ++range) {
    max = maximum(partial[range * stride + dim], max);
  }
  float sum = 0.0F;
  __builtin_memset(y, 0, static_cast<std::size_t>(dim) * sizeof *y);
  for (std::int64_t range = 0; range < ranges; ++range) {
    const float* part = partial + range * stride;
    const float weight = exponential(part[dim] - max);
    sum += weight * part[dim + 1];
    add_weighted_rows(part, 0, &weight, 1, dim, y);
  }
  scale_row(y, dim, 1.0F / sum);
}

std::int64_t rotated_floats(const CachedAttentionArgs& args) {
  return args.cosine == nullptr ? 0 : args.batch * args.time * args.width();
}

/// qkv as it should be read, the partial result of every range, and the scores of each thread.
std::int64_t decode_scratch(const CachedAttentionArgs& args) {
  const std::int64_t rows = args.group() * args.time;
  return rotated_floats(args) + args.batch * args.kv_heads * kv_ranges(args.keys()) * rows * (args.head_dim + 2) +
         omp_get_max_threads() * rows * kKvRange;
}

/// The arguments with rotated queries and keys, which take the first part of the scratch.
CachedAttentionArgs rotated(CachedAttentionArgs args) {
  if (args.cosine != nullptr) {
    const std::int64_t skipped = args.past * args.head_dim / 2;
    rope({.batch = args.batch,
          .time = args.time,
          .width = args.width(),
          .rotated = (args.heads + args.kv_heads) * args.head_dim,
          .head_dim = args.head_dim,
          .direction = 1.0F,
          .cosine = args.cosine + skipped,
          .sine = args.sine + skipped,
          .x = args.qkv,
          .y = args.scratch});
    args.qkv = args.scratch;
    args.scratch += rotated_floats(args);
  }
  return args;
}

void decode_attention(const CachedAttentionArgs& given) {
  const CachedAttentionArgs args = rotated(given);
  const std::int64_t rows = args.group() * args.time, dim = args.head_dim, keys = args.keys();
  const std::int64_t ranges = kv_ranges(keys), heads = args.batch * args.kv_heads;
  const std::int64_t task_size = rows * (dim + 2);
  float* partial = args.scratch;                         // (heads, ranges, rows, D + 2)
  float* scores = partial + heads * ranges * task_size;  // (threads, rows, kKvRange)
  // Scores come in whole panels. Measured for 8 heads of 64 and one panel: 12 us on one thread, where waking another
  // takes 1.3.
  const std::int64_t panels = (keys + kKvPanel - 1) / kKvPanel;
  const bool worth = heads * rows * panels * kKvPanel * dim >= kParallelElements;
  parallel_ranges(worth, heads * ranges, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t index = first; index < last; ++index) {
      const std::int64_t head = index / ranges, begin = index % ranges * kKvRange;
      const DecodeTask task = {head / args.kv_heads,
                               head % args.kv_heads,
                               begin,
                               begin + kKvRange < keys ? begin + kKvRange : keys,
                               scores + omp_get_thread_num() * rows * kKvRange,
                               partial + index * task_size};
      args.store.format == KvFormat::f32 ? decode_range<float>(args, task) : decode_range<std::int8_t>(args, task);
    }
  });
  for (std::int64_t head = 0; head < heads; ++head) {
    for (std::int64_t row = 0; row < rows; ++row) {
      const std::int64_t query = head / args.kv_heads * args.time + row / args.group();  // b * time + t
      const std::int64_t column = head % args.kv_heads * args.group() + row % args.group();
      merge_ranges(partial + head * ranges * task_size + row * (dim + 2), task_size, ranges, dim,
                   args.y + (query * args.heads + column) * dim);
    }
  }
}

KvKernels kv_kernels() {
  return {append_keys_values, load_keys_values, decode_scratch, decode_attention};
}

}  // namespace
}  // namespace octet::cpu
