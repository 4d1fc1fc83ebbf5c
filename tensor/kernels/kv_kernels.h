#pragma once

#include <cstdint>

// How the keys and values of past positions lie in memory, and the kernels that append to them and read them.

namespace octet {

/// int8: codes in [-127, 127] with one scale for the key, and one for the value, of each position and head.
enum class KvFormat { f32, int8 };

/// Positions of a panel of keys.
constexpr std::int64_t kKvPanel = 64;

/// Keys and values of one layer as kernels see them, without owning them: KvLayer (tensor/ops/kv_layer.h) does, and
/// KvCache (nn/layers/kv_cache.h) has one for each layer. Each head has its positions in one piece, so that generation
/// reads memory in order.
///   keys    (B, Hkv, capacity / 64, D, 64): panels of 64 positions, transposed
///   values  (B, Hkv, capacity, D)
/// The 64 scores of a panel are a sum of D rows, and the result is a sum of rows of values: no sum runs across a vector
/// register.
struct KvStore {
  KvFormat format;
  std::int64_t capacity;  // positions, a multiple of kKvPanel
  void* keys;
  void* values;
  float* key_scales;    // (B, Hkv, capacity); f32: null
  float* value_scales;  // the same
};

/// How many positions are stored. With `on_device`, `count` is what there may be at most, and kernels read how many
/// there are at that address when they run: so they can be recorded once and run again for later positions
/// (tensor/replay.h).
struct Past {
  std::int64_t count;
  const std::int32_t* on_device;  // null on the CPU

  constexpr Past(std::int64_t positions = 0, const std::int32_t* place = nullptr)
      : count(positions), on_device(place) {}
};

/// Queries, keys and values of `time` new positions behind `past` stored ones, in qkv (batch, time, width()): queries
/// of all heads, then keys, then values.
struct CachedAttentionArgs {
  std::int64_t batch, time, past, heads, kv_heads, head_dim;
  const float* qkv;
  KvStore store;
  float* y;                                      // (batch, time, heads, head_dim)
  float* scratch;                                // as many floats as decode_scratch says
  const std::int32_t* past_on_device = nullptr;  // see Past
  // (positions, head_dim / 2) of all positions from 0 on: decode_attention rotates queries and keys by these angles
  // before it reads them. Null: they are as they should be.
  const float* cosine = nullptr;
  const float* sine = nullptr;

  constexpr std::int64_t keys() const { return past + time; }
  constexpr std::int64_t width() const { return (heads + 2 * kv_heads) * head_dim; }
  constexpr std::int64_t group() const { return heads / kv_heads; }  // query heads that share keys and values
};

/// Positions that one task of decode_attention reads, whatever the number of threads, so that sums do not depend on it.
constexpr std::int64_t kKvRange = 256;
constexpr std::int64_t kv_ranges(std::int64_t keys) {
  return (keys + kKvRange - 1) / kKvRange;
}

struct KvKernels {
  /// Stores the new keys and values behind the past ones.
  void (*append_keys_values)(const CachedAttentionArgs&);
  /// What is stored, as floats: keys and values (batch, past + time, kv_heads head_dim).
  void (*load_keys_values)(const CachedAttentionArgs&, float* keys, float* values);
  /// Floats of scratch that decode_attention needs.
  std::int64_t (*decode_scratch)(const CachedAttentionArgs&);
  /// Rotates where there are angles, appends, then y = softmax(q k^T / sqrt(D)) v over what is stored, for few new
  /// positions: keys and values are read once for all queries that share them.
  void (*decode_attention)(const CachedAttentionArgs&);
};

}  // namespace octet
