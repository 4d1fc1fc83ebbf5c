#pragma once

#include "tensor/cpu/kernels/math.h"
#include "tensor/cpu/kernels/parallel.h"
#include "tensor/kernels/int_kernels.h"
#include "tensor/kernels/kv_head.h"

namespace octet::cpu {
namespace {

inline void store_vector(const float* x, std::int64_t count, float* to, std::int64_t stride, float*, std::int64_t) {
  if (stride == 1) {
#pragma omp simd
    for (std::int64_t i = 0; i < count; ++i) {
      to[i] = x[i];
    }
    return;
  }
  for (std::int64_t i = 0; i < count; ++i) {
    to[i * stride] = x[i];
  }
}

/// Codes x * 127 / max |x|, rounded half to even. NaN and infinity: the scale NaN, so that what follows is NaN too.
inline void store_vector(const float* x, std::int64_t count, std::int8_t* to, std::int64_t stride, float* scales,
                         std::int64_t position) {
  float largest = 0.0F, difference = 0.0F;  // x - x is 0, or NaN where x is not finite
#pragma omp simd reduction(max : largest) reduction(+ : difference)
  for (std::int64_t i = 0; i < count; ++i) {
    largest = maximum(__builtin_fabsf(x[i]), largest);
    difference += x[i] - x[i];
  }
  const bool is_zero = largest < kSmallestRow;
  scales[position] = difference != 0.0F ? __builtin_nanf("") : is_zero ? 0.0F : largest / 127.0F;
  const float inverse = difference != 0.0F || is_zero ? 0.0F : 127.0F / largest;
  for (std::int64_t i = 0; i < count; ++i) {
    to[i * stride] = inverse == 0.0F ? std::int8_t{0} : static_cast<std::int8_t>(__builtin_rintf(x[i] * inverse));
  }
}

/// Stores the new positions [begin, end) of a head.
template <typename T>
void append_positions(const CachedAttentionArgs& args, std::int64_t batch, std::int64_t head, std::int64_t begin,
                      std::int64_t end) {
  const KvHead<T> to(args, batch, head);
  const std::int64_t dim = args.head_dim;
  for (std::int64_t position = begin; position < end; ++position) {
    const float* key = args.qkv + (batch * args.time + position - args.past) * args.width() + (args.heads + head) * dim;
    const float* value = key + args.kv_heads * dim;
    store_vector(key, dim, to.key(position), kKvPanel, to.key_scales, position);
    store_vector(value, dim, to.value(position), 1, to.value_scales, position);
  }
}

/// What is stored of one head, as rows of floats.
template <typename T>
void load_positions(const CachedAttentionArgs& args, std::int64_t batch, std::int64_t head, float* keys,
                    float* values) {
  const KvHead<T> from(args, batch, head);
  const std::int64_t dim = args.head_dim, row = args.kv_heads * dim;
  const std::int64_t first = batch * args.keys() * row + head * dim;
  for (std::int64_t position = 0; position < args.keys(); ++position) {
    const float key_scale = from.key_scales == nullptr ? 1.0F : from.key_scales[position];
    const float value_scale = from.value_scales == nullptr ? 1.0F : from.value_scales[position];
    const T* key = from.key(position);
    const T* value = from.value(position);
    for (std::int64_t d = 0; d < dim; ++d) {
      keys[first + position * row + d] = static_cast<float>(key[d * kKvPanel]) * key_scale;
      values[first + position * row + d] = static_cast<float>(value[d]) * value_scale;
    }
  }
}

/// task(batch, head) for every head of keys and values.
template <typename Task>
void for_each_kv_head(const CachedAttentionArgs& args, std::int64_t positions, const Task& task) {
  const std::int64_t heads = args.batch * args.kv_heads;
  parallel_ranges(heads * positions * args.head_dim >= kParallelElements, heads,
                  [&](std::int64_t begin, std::int64_t end) {
                    for (std::int64_t head = begin; head < end; ++head) {
                      task(head / args.kv_heads, head % args.kv_heads);
                    }
                  });
}

void append_keys_values(const CachedAttentionArgs& args) {
  for_each_kv_head(args, args.time, [&](std::int64_t batch, std::int64_t head) {
    args.store.format == KvFormat::f32 ? append_positions<float>(args, batch, head, args.past, args.keys())
                                       : append_positions<std::int8_t>(args, batch, head, args.past, args.keys());
  });
}

void load_keys_values(const CachedAttentionArgs& args, float* keys, float* values) {
  for_each_kv_head(args, args.keys(), [&](std::int64_t batch, std::int64_t head) {
    args.store.format == KvFormat::f32 ? load_positions<float>(args, batch, head, keys, values)
                                       : load_positions<std::int8_t>(args, batch, head, keys, values);
  });
}

}  // namespace
}  // namespace octet::cpu
