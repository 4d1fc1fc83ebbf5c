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

/// Many queries: blocks of them meet the keys, loaded as floats, in products.
void attend_by_products(const CachedAttentionArgs& args) {
  const KernelTable& table = kernels();
  table.append_keys_values(args);
  const std::int64_t keys = args.keys(), row = args.kv_heads * args.head_dim;
  const Tensor k = Tensor::empty({args.batch, keys, row}), v = Tensor::empty({args.batch, keys, row});
  table.load_keys_values(args, k.data<float>(), v.data<float>());
  const Tensor scratch = Tensor::empty({attention_scratch(keys, thread_count())});
  table.attention({.batch = args.batch,
                   .time = args.time,
                   .past = args.past,
                   .heads = args.heads,
                   .kv_heads = args.kv_heads,
                   .head_dim = args.head_dim,
                   .q = args.qkv,
                   .q_row = args.width(),
                   .q_batch = args.time * args.width(),
                   .k = k.data<float>(),
                   .v = v.data<float>(),
                   .kv_row = row,
                   .kv_batch = keys * row,
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
