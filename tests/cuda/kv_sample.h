#pragma once

#include "tensor/kernels/kv_kernels.h"
#include "tests/cuda/cuda_test.h"

namespace octet {

struct KvShapes {
  std::int64_t batch, past, time, heads, kv_heads, head_dim;

  std::int64_t keys() const { return past + time; }
  std::int64_t width() const { return (heads + 2 * kv_heads) * head_dim; }
};

inline std::ostream& operator<<(std::ostream& out, const KvShapes& s) {
  return out << "B " << s.batch << " past " << s.past << " T " << s.time << " heads " << s.heads << "/" << s.kv_heads
             << " D " << s.head_dim;
}

/// Keys and values of one layer on a device.
struct SampleStore {
  KvFormat format;
  std::int64_t capacity;
  Tensor keys, values, key_scales, value_scales;

  SampleStore(const KvShapes& s, KvFormat kv_format)
      : format(kv_format), capacity((s.keys() + kKvPanel - 1) / kKvPanel * kKvPanel) {
    const DType dtype = format == KvFormat::f32 ? DType::f32 : DType::i8;
    keys = Tensor::zeros({s.batch, s.kv_heads, capacity, s.head_dim}, dtype);
    values = Tensor::zeros(keys.shape(), dtype);
    key_scales = Tensor::zeros({s.batch, s.kv_heads, capacity});
    value_scales = Tensor::zeros(key_scales.shape());
  }

  SampleStore copy_on(DeviceKind device) const {
    SampleStore copy = *this;
    for (Tensor* tensor : {&copy.keys, &copy.values, &copy.key_scales, &copy.value_scales}) {
      *tensor = tensor->clone().to(device);
    }
    return copy;
  }

  KvStore view() {
    const bool f32 = format == KvFormat::f32;
    return {format,
            capacity,
            keys.raw_data(),
            values.raw_data(),
            f32 ? nullptr : key_scales.data<float>(),
            f32 ? nullptr : value_scales.data<float>()};
  }
};

inline CachedAttentionArgs cached_args(const KvShapes& s, const Tensor& qkv, SampleStore& store) {
  return {.batch = s.batch,
          .time = s.time,
          .past = s.past,
          .heads = s.heads,
          .kv_heads = s.kv_heads,
          .head_dim = s.head_dim,
          .qkv = qkv.data<float>(),
          .store = store.view(),
          .y = nullptr,
          .scratch = nullptr};
}

/// The same codes and scales, also where a scale is NaN.
inline void expect_same_store(const SampleStore& actual, const SampleStore& expected) {
  expect_equal(actual.keys, expected.keys);
  expect_equal(actual.values, expected.values);
  expect_close(actual.key_scales, expected.key_scales, 0.0);
  expect_close(actual.value_scales, expected.value_scales, 0.0);
}

/// Around the sizes of panels (64) and ranges (256).
inline const std::vector<KvShapes>& kv_shapes() {
  static const std::vector<KvShapes> shapes = {
      {1, 0, 1, 1, 1, 1},     {1, 1, 1, 1, 1, 3},    {2, 63, 1, 2, 2, 7},   {3, 64, 2, 4, 2, 8},  {1, 70, 3, 6, 1, 17},
      {2, 255, 1, 4, 4, 16},  {1, 256, 1, 4, 2, 64}, {1, 254, 5, 6, 3, 33}, {1, 0, 7, 3, 3, 20},  {2, 60, 7, 4, 2, 80},
      {1, 130, 1, 1, 1, 128}, {1, 20, 2, 2, 1, 130}, {1, 65, 1, 1, 1, 256}, {2, 700, 1, 6, 3, 48}};
  return shapes;
}

}  // namespace octet
