#pragma once

#include "tensor/kernels/kv_kernels.h"
#include "tensor/tensor.h"

namespace octet {

/// Owns the keys and values of one layer for `batch` sequences of at most `positions`; see KvStore for how they lie.
class KvLayer {
 public:
  KvLayer(std::int64_t batch, std::int64_t kv_heads, std::int64_t positions, std::int64_t head_dim, KvFormat format,
          DeviceKind device = DeviceKind::cpu);

  std::int64_t batch() const { return batch_; }
  std::int64_t kv_heads() const { return kv_heads_; }
  std::int64_t positions() const { return positions_; }
  std::int64_t head_dim() const { return head_dim_; }
  KvFormat format() const { return view_.format; }
  DeviceKind device() const { return keys_.device(); }
  KvStore view() const { return view_; }
  std::int64_t bytes() const;  ///< of all positions, scales included

 private:
  std::int64_t batch_, kv_heads_, positions_, head_dim_;
  Tensor keys_, values_;              // f32 or i8 (B, Hkv, capacity, D)
  Tensor key_scales_, value_scales_;  // int8: (B, Hkv, capacity)
  KvStore view_;
};

}  // namespace octet
