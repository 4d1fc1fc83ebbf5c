#pragma once

#include "base/anywhere.h"
#include "tensor/kernels/kv_kernels.h"

namespace octet {
namespace {

/// The stored keys and values of one head, for kernels of the CPU and of the GPU. T: float or int8 codes.
template <typename T>
struct KvHead {
  T* keys;              // (capacity / 64, D, 64)
  T* values;            // (capacity, D)
  float* key_scales;    // (capacity); null for float
  float* value_scales;  // the same
  std::int64_t dim;

  OCTET_ANYWHERE KvHead(const CachedAttentionArgs& args, std::int64_t batch, std::int64_t head) : dim(args.head_dim) {
    const KvStore& store = args.store;
    const std::int64_t first = (batch * args.kv_heads + head) * store.capacity;
    keys = static_cast<T*>(store.keys) + first * dim;
    values = static_cast<T*>(store.values) + first * dim;
    key_scales = store.key_scales == nullptr ? nullptr : store.key_scales + first;
    value_scales = store.value_scales == nullptr ? nullptr : store.value_scales + first;
  }

  OCTET_ANYWHERE T* panel(std::int64_t position) const { return keys + position / kKvPanel * kKvPanel * dim; }
  /// Elements kKvPanel apart.
  OCTET_ANYWHERE T* key(std::int64_t position) const { return panel(position) + position % kKvPanel; }
  OCTET_ANYWHERE T* value(std::int64_t position) const { return values + position * dim; }
};

}  // namespace
}  // namespace octet
