#include "tests/cuda/kv_sample.h"

namespace octet::kv_store_test {
namespace {

/// Both backends append the positions 0 .. past, then the new ones, and load all.
class CudaKvStore : public CudaTest {
 protected:
  void expect_same(const KvShapes& shapes, KvFormat format, const Tensor& history, const Tensor& qkv) {
    SCOPED_TRACE(testing::Message() << shapes << (format == KvFormat::f32 ? " f32" : " int8"));
    SampleStore expected(shapes, format);
    SampleStore actual = expected.copy_on(DeviceKind::cuda);
    append(shapes, history, qkv, cpu_kernels(), expected);
    append(shapes, on_cuda(history), on_cuda(qkv), cuda_kernels(), actual);
    expect_same_store(actual, expected);
    const auto [keys, values] = load(shapes, qkv, cpu_kernels(), expected);
    const auto [cuda_keys, cuda_values] = load(shapes, on_cuda(qkv), cuda_kernels(), actual);
    expect_close(cuda_keys, keys, 0.0);
    expect_close(cuda_values, values, 0.0);
  }

 private:
  static void append(const KvShapes& shapes, const Tensor& history, const Tensor& qkv, const KernelTable& table,
                     SampleStore& store) {
    KvShapes before = shapes;
    before.past = 0, before.time = shapes.past;
    if (before.time > 0) {
      table.append_keys_values(cached_args(before, history, store));
    }
    table.append_keys_values(cached_args(shapes, qkv, store));
  }

  static std::pair<Tensor, Tensor> load(const KvShapes& shapes, const Tensor& qkv, const KernelTable& table,
                                        SampleStore& store) {
    Tensor keys = Tensor::full({shapes.batch, shapes.keys(), shapes.kv_heads * shapes.head_dim}, NAN, qkv.device());
    Tensor values = Tensor::full(keys.shape(), NAN, qkv.device());
    table.load_keys_values(cached_args(shapes, qkv, store), keys.data<float>(), values.data<float>());
    return {keys, values};
  }
};

TEST_F(CudaKvStore, EqualsTheCpus) {
  for (const KvShapes& shapes : kv_shapes()) {
    const Tensor history = random_tensor({shapes.batch, shapes.past + 1, shapes.width()}, 1);
    const Tensor qkv = random_tensor({shapes.batch, shapes.time, shapes.width()}, 2);
    for (const KvFormat format : {KvFormat::f32, KvFormat::int8}) {
      expect_same(shapes, format, history, qkv);
    }
  }
}

// A prompt: more positions than a block appends, in panels that are not full.
TEST_F(CudaKvStore, ManyNewPositions) {
  const KvShapes shapes = {2, 50, 150, 4, 2, 40};
  const Tensor history = random_tensor({2, 50, shapes.width()}, 3);
  const Tensor qkv = random_tensor({2, 150, shapes.width()}, 4);
  under_every_schedule([&] {
    expect_same(shapes, KvFormat::f32, history, qkv);
    expect_same(shapes, KvFormat::int8, history, qkv);
  });
}

// Rows of zeros, too small for a scale, with NaN, with infinity; and halves, which round to even.
TEST_F(CudaKvStore, CodesOfUnusualRows) {
  const KvShapes shapes = {1, 0, 6, 1, 1, 70};
  Tensor qkv = random_tensor({1, 6, shapes.width()}, 5);
  float* x = qkv.data<float>();
  const auto fill = [&](std::int64_t t, float value) {
    std::fill(x + t * shapes.width(), x + (t + 1) * shapes.width(), value);
  };
  fill(0, 0.0F);
  fill(1, 1e-37F);
  x[2 * shapes.width() + 100] = NAN;       // in the key
  x[3 * shapes.width() + 170] = INFINITY;  // in the value
  for (std::int64_t i = 0; i < shapes.width(); ++i) {
    x[4 * shapes.width() + i] = i % 70 == 0 ? 127.0F : static_cast<float>(i % 70) - 34.5F;
  }
  expect_same(shapes, KvFormat::int8, qkv, qkv);
}

}  // namespace
}  // namespace octet::kv_store_test
