#include "tensor/ops/cached_attention.h"

#include "base/parallel.h"
#include "tensor/ops/checks.h"

namespace octet {
namespace {

/// From this many new positions on, queries are multiplied in blocks instead of one by one.
constexpr std::int64_t kProductQueries = 8;

void check_cache(const Tensor& qkv, const HeadLayout& layout, const KvLayer& cache, std::int64_t past) {
  check(cache.batch() == qkv.dim(0) && cache.kv_heads() == layout.kv_heads && cache.head_dim() == layout.head_dim,
        "[attention] expected a cache of {} sequences with {} heads of {}, got {} with {} of {}", qkv.dim(0),
        layout.kv_heads, layout.head_dim, cache.batch(), cache.kv_heads(), cache.head_dim());
  check(past >= 0 && past + qkv.dim(1) <= cache.positions(),
        "[attention] expected room for {} positions in the cache, it holds {} of {}", qkv.dim(1), past,
        cache.positions());
}

/// Keys and values as rows of floats, for products.
struct KeyValueRows {
  Tensor keys, values;  // keep loaded rows alive
  const float* k;
  const float* v;
  std::int64_t row, batch;  // elements between positions and between sequences
};

KeyValueRows key_value_rows(const CachedAttentionArgs& args) {
  // A prompt's own keys are what an FP32 cache holds: no need to read them back.
  if (args.past == 0 && args.store.format == KvFormat::f32) {
    const float* k = args.qkv + args.heads * args.head_dim;
    return {{}, {}, k, k + args.kv_heads * args.head_dim, args.width(), args.time * args.width()};
  }
  const std::int64_t row = args.kv_heads * args.head_dim;
  const Shape shape{args.batch, args.keys(), row};
  const Tensor k = Tensor::empty(shape), v = Tensor::empty(shape);
  kernels().load_keys_values(args, k.data<float>(), v.data<float>());
  return {k, v, k.data<float>(), v.data<float>(), row, args.keys() * row};
}

/// Many queries: blocks of them meet the keys in products.
void attend_by_products(const CachedAttentionArgs& args) {
  kernels().append_keys_values(args);
  const KeyValueRows stored = key_value_rows(args);
  const Tensor scratch = Tensor::empty({attention_scratch(args.keys(), thread_count())});
  kernels().attention({.batch = args.batch,
                       .time = args.time,
                       .past = args.past,
                       .heads = args.heads,
                       .kv_heads = args.kv_heads,
                       .head_dim = args.head_dim,
                       .q = args.qkv,
                       .q_row = args.width(),
                       .q_batch = args.time * args.width(),
                       .k = stored.k,
                       .v = stored.v,
                       .kv_row = stored.row,
                       .kv_batch = stored.batch,
                       .y = args.y,
                       .log_sum = nullptr,
                       .scratch = scratch.data<float>()});
}

}  // namespace

Tensor cached_attention(const Tensor& qkv, const HeadLayout& layout, const KvLayer& cache, std::int64_t past) {
  check_layout("attention", qkv, layout);
  check_cache(qkv, layout, cache, past);
  const Tensor in = dense("attention", qkv);
  const Tensor y = Tensor::empty({in.dim(0), in.dim(1), layout.query_width()});
  CachedAttentionArgs args = {.batch = in.dim(0),
                              .time = in.dim(1),
                              .past = past,
                              .heads = layout.heads,
                              .kv_heads = layout.kv_heads,
                              .head_dim = layout.head_dim,
                              .qkv = in.data<float>(),
                              .store = cache.view(),
                              .y = y.data<float>(),
                              .scratch = nullptr};
  if (args.time >= kProductQueries) {
    attend_by_products(args);
    return y;
  }
  const Tensor scratch = Tensor::empty({decode_scratch(args, thread_count())});
  args.scratch = scratch.data<float>();
  kernels(in.device()).decode_attention(args);
  return y;
}

}  // namespace octet
