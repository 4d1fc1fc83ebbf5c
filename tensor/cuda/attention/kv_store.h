#pragma once

#include "tensor/cuda/language/device.h"
#include "tensor/kernels/formulas.h"
#include "tensor/kernels/int_kernels.h"
#include "tensor/kernels/kv_head.h"

// The stored keys and values as kernels see them, and how a block of threads appends to them.

namespace octet::cuda {

/// The arguments with the number of past positions as it is now.
__device__ inline CachedAttentionArgs at_present(CachedAttentionArgs args) {
  if (args.past_on_device != nullptr) {
    args.past = *args.past_on_device;
  }
  return args;
}

/// A vector of a new position: as it is, or with angles rotated by them, as tensor/cuda/rows/rope.cu does.
struct NewVector {
  const float* x;
  const float* cosine = nullptr;  // (half)
  const float* sine = nullptr;
  std::int64_t half = 0;

  __device__ float operator[](std::int64_t i) const {
    if (cosine == nullptr) {
      return x[i];
    }
    const std::int64_t pair = i < half ? i : i - half;
    const Turned turned = turn(x[pair], x[pair + half], cosine[pair], sine[pair], 1.0F);
    return i < half ? turned.first : turned.second;
  }
};

/// A query or key of position `position`.
__device__ inline NewVector rotated(const CachedAttentionArgs& args, const float* x, std::int64_t position) {
  const std::int64_t half = args.head_dim / 2;
  return args.cosine == nullptr ? NewVector{x}
                                : NewVector{x, args.cosine + position * half, args.sine + position * half, half};
}

__device__ inline void store_vector(const NewVector& x, std::int64_t count, float* to, std::int64_t stride, float*,
                                    std::int64_t) {
  for (std::int64_t i = lane_id(); i < count; i += kWarp) {
    to[i * stride] = x[i];
  }
}

/// Codes x * 127 / max |x|, rounded half to even. NaN and infinity: the scale NaN, so that what follows is NaN too.
__device__ inline void store_vector(const NewVector& x, std::int64_t count, std::int8_t* to, std::int64_t stride,
                                    float* scales, std::int64_t position) {
  float largest = 0.0F, difference = 0.0F;  // x - x is 0, or NaN where x is not finite
  for (std::int64_t i = lane_id(); i < count; i += kWarp) {
    const float value = x[i];
    largest = fmaxf(largest, fabsf(value));
    difference += value - value;
  }
  largest = warp_max(largest);
  difference = warp_sum(difference);
  const bool is_zero = largest < kSmallestRow;
  if (lane_id() == 0) {
    scales[position] = difference != 0.0F ? NAN : is_zero ? 0.0F : largest / 127.0F;
  }
  const float inverse = difference != 0.0F || is_zero ? 0.0F : 127.0F / largest;
  for (std::int64_t i = lane_id(); i < count; i += kWarp) {
    to[i * stride] = inverse == 0.0F ? std::int8_t{0} : static_cast<std::int8_t>(rintf(x[i] * inverse));
  }
}

/// Stores the new positions [begin, end) of a head, a warp each.
template <typename T>
__device__ void append_positions(const CachedAttentionArgs& args, std::int64_t batch, std::int64_t head,
                                 std::int64_t begin, std::int64_t end) {
  const KvHead<T> to(args, batch, head);
  const std::int64_t dim = args.head_dim, warps = blockDim.x / kWarp;
  for (std::int64_t position = begin + warp_id(); position < end; position += warps) {
    const float* key = args.qkv + (batch * args.time + position - args.past) * args.width() + (args.heads + head) * dim;
    const float* value = key + args.kv_heads * dim;
    store_vector(rotated(args, key, position), dim, to.key(position), kKvPanel, to.key_scales, position);
    store_vector(NewVector{value}, dim, to.value(position), 1, to.value_scales, position);
  }
}

}  // namespace octet::cuda
