#include "tensor/ops/rope.h"
#include "tests/cuda/kv_sample.h"

namespace octet::decode_attention_test {
namespace {

// Relative to the largest magnitude. Sums have another order than the CPU's. Measured on the simulator, at most 7.5e-7.
constexpr double kBound = 3e-6;
// Where a code of a key may differ by one.
constexpr double kCodeBound = 2e-2;

class CudaDecodeAttention : public CudaTest {
 protected:
  void expect_same(const KvShapes& shapes, KvFormat format) {
    SCOPED_TRACE(testing::Message() << shapes << (format == KvFormat::f32 ? " f32" : " int8"));
    SampleStore expected = filled_store(shapes, format);
    SampleStore actual = expected.copy_on(DeviceKind::cuda);
    const Tensor qkv = random_tensor({shapes.batch, shapes.time, shapes.width()}, 2);
    const Tensor y = decode(shapes, qkv, cpu_kernels(), expected);
    expect_close(decode(shapes, on_cuda(qkv), cuda_kernels(), actual), y, kBound);
    expect_same_store(actual, expected);
  }

  /// With angles. A GPU may round a rotated key in another way than the CPU, so stored floats are close, and codes at
  /// most one apart.
  void expect_same_rotated(const KvShapes& shapes, KvFormat format) {
    SCOPED_TRACE(testing::Message() << shapes << (format == KvFormat::f32 ? " f32" : " int8") << ", rotated");
    SampleStore expected = filled_store(shapes, format);
    SampleStore actual = expected.copy_on(DeviceKind::cuda);
    const Tensor qkv = random_tensor({shapes.batch, shapes.time, shapes.width()}, 2);
    const Tensor y = decode(shapes, qkv, cpu_kernels(), expected, 100.0F);
    expect_close(decode(shapes, on_cuda(qkv), cuda_kernels(), actual, 100.0F), y,
                 format == KvFormat::f32 ? kBound : kCodeBound);
    expect_equal(actual.values, expected.values);
    if (format == KvFormat::f32) {
      expect_close(actual.keys, expected.keys, kBound);
      return;
    }
    const Tensor got = actual.keys.to(DeviceKind::cpu);
    for (std::int64_t i = 0; i < got.elements(); ++i) {
      ASSERT_LE(std::abs(got.data<std::int8_t>()[i] - expected.keys.data<std::int8_t>()[i]), 1) << i;
    }
  }

  /// With the past positions.
  static SampleStore filled_store(const KvShapes& shapes, KvFormat format) {
    SampleStore store(shapes, format);
    KvShapes before = shapes;
    before.past = 0, before.time = shapes.past;
    if (before.time > 0) {
      const Tensor history = random_tensor({shapes.batch, shapes.past, shapes.width()}, 1);
      cpu_kernels().append_keys_values(cached_args(before, history, store));
    }
    return store;
  }

  static Tensor decode(const KvShapes& shapes, const Tensor& qkv, const KernelTable& table, SampleStore& store,
                       std::optional<float> rope_theta = {}) {
    CachedAttentionArgs args = cached_args(shapes, qkv, store);
    if (rope_theta) {
      const Rotation& angles = rotation(shapes.keys(), shapes.head_dim, *rope_theta, qkv.device());
      args.cosine = angles.cosine.data<float>(), args.sine = angles.sine.data<float>();
    }
    Tensor y = Tensor::full({shapes.batch, shapes.time, shapes.heads, shapes.head_dim}, NAN, qkv.device());
    Tensor scratch = Tensor::full({table.decode_scratch(args)}, NAN, qkv.device());
    args.y = y.data<float>(), args.scratch = scratch.data<float>();
    table.decode_attention(args);
    return y;
  }
};

TEST_F(CudaDecodeAttention, EqualsTheCpus) {
  for (const KvShapes& shapes : kv_shapes()) {
    for (const KvFormat format : {KvFormat::f32, KvFormat::int8}) {
      expect_same(shapes, format);
    }
  }
}

TEST_F(CudaDecodeAttention, RotatesFirstWhereThereAreAngles) {
  for (const KvShapes& shapes : kv_shapes()) {
    if (shapes.head_dim % 2 == 0) {
      for (const KvFormat format : {KvFormat::f32, KvFormat::int8}) {
        expect_same_rotated(shapes, format);
      }
    }
  }
}

TEST_F(CudaDecodeAttention, InAnyOrderOfThreads) {
  under_every_schedule([&] {
    expect_same({1, 300, 3, 6, 2, 20}, KvFormat::f32);  // 9 queries that share keys: two turns
    expect_same({1, 300, 1, 4, 2, 18}, KvFormat::int8);
    expect_same_rotated({1, 300, 3, 6, 2, 20}, KvFormat::f32);
    expect_same_rotated({1, 255, 2, 4, 2, 18}, KvFormat::int8);
  });
}

}  // namespace
}  // namespace octet::decode_attention_test
