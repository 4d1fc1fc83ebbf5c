#include "tensor/ops/cached_attention.h"

#include "tensor/ops/checks.h"
#include "tensor/ops/rope.h"

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
  check(cache.device() == qkv.device(), "[attention] expected tensors on one device, got {} and a cache on {}",
        name_of(qkv.device()), name_of(cache.device()));
}

/// Keys and values as rows of floats, for products.
struct KeyValueRows {
  Tensor keys, values;  // keep loaded rows alive
  const float* k;
  const float* v;
  std::int64_t row, batch;  // elements between positions and between sequences
};

KeyValueRows key_value_rows(const CachedAttentionArgs& args, DeviceKind device) {
  // A prompt's own keys are what an FP32 cache holds: no need to read them back.
  if (args.past == 0 && args.store.format == KvFormat::f32) {
    const float* k = args.qkv + args.heads * args.head_dim;
    return {{}, {}, k, k + args.kv_heads * args.head_dim, args.width(), args.time * args.width()};
  }
  const std::int64_t row = args.kv_heads * args.head_dim;
  const Shape shape{args.batch, args.keys(), row};
  const Tensor k = Tensor::empty(shape, DType::f32, device), v = Tensor::empty(shape, DType::f32, device);
  kernels(device).load_keys_values(args, k.data<float>(), v.data<float>());
  return {k, v, k.data<float>(), v.data<float>(), row, args.keys() * row};
}

/// Many queries: blocks of them meet the keys in products.
void attend_by_products(const CachedAttentionArgs& args, float gamma, DeviceKind device) {
  kernels(device).append_keys_values(args);
  const KeyValueRows stored = key_value_rows(args, device);
  AttentionArgs attention = {.batch = args.batch,
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
                             .scratch = nullptr,
                             .gamma = gamma};
  const Tensor scratch = Tensor::empty({kernels(device).attention_scratch(attention)}, DType::f32, device);
  attention.scratch = scratch.data<float>();
  kernels(device).attention(attention);
}

}  // namespace

Tensor cached_attention(const Tensor& qkv, const HeadLayout& layout, const KvLayer& cache, Past past,
                        std::optional<float> rope_theta, float gamma) {
  check_layout("attention", qkv, layout);
  check_gamma("attention", gamma);
  check_cache(qkv, layout, cache, past.count);
  const bool in_products = qkv.dim(1) >= kProductQueries || gamma < 0.0F;
  const Tensor in = dense("attention", rope_theta && in_products ? rope(qkv, layout, *rope_theta, past) : qkv);
  const Tensor y = empty_like(in, {in.dim(0), in.dim(1), layout.query_width()});
  CachedAttentionArgs args = {.batch = in.dim(0),
                              .time = in.dim(1),
                              .past = past.count,
                              .heads = layout.heads,
                              .kv_heads = layout.kv_heads,
                              .head_dim = layout.head_dim,
                              .qkv = in.data<float>(),
                              .store = cache.view(),
                              .y = y.data<float>(),
                              .scratch = nullptr,
                              .past_on_device = past.on_device};
  if (in_products) {
    check(
        past.on_device == nullptr,
        "[attention] expected fewer than {} new positions with their place on the device, and no clipping, got {} with "
        "gamma {}",
        kProductQueries, args.time, gamma);
    attend_by_products(args, gamma, in.device());
    return y;
  }
  if (rope_theta) {
    const Rotation& angles = rotation(args.keys(), layout.head_dim, *rope_theta, in.device());
    args.cosine = angles.cosine.data<float>();
    args.sine = angles.sine.data<float>();
  }
  const Tensor scratch = empty_like(in, {kernels(in.device()).decode_scratch(args)});
  args.scratch = scratch.data<float>();
  kernels(in.device()).decode_attention(args);
  return y;
}

}  // namespace octet
