#include <gmock/gmock.h>

#include "base/error.h"
#include "tensor/cuda/gemm/products.h"
#include "tests/cuda/cuda_test.h"
#include "tests/support/far_from_the_clip.h"

namespace octet::attention_test {
namespace {

using testing::HasSubstr;
using testing::Property;
using testing::Throws;

// Relative to the largest magnitude. The two backends add the same products in other orders. Measured on the simulator,
// at most 8.4e-7, 4.7e-7 and 9.9e-7 over all cases; a GPU has another exp2f and its own fused multiplications.
struct Bounds {
  double forward, log_sum, backward;
};
constexpr Bounds kFp32 = {2e-6, 2e-6, 4e-6};
// Operands have 10 bits of fraction: 4.9e-4 is the error of one. Measured on the simulator: at most 1.2e-3, 1.2e-3 and
// 1.5e-3.
constexpr Bounds kTf32 = {2e-3, 2e-3, 4e-3};

struct Shapes {
  std::int64_t batch, time, past, heads, kv_heads, head_dim;
  float gamma = 0.0F;

  std::int64_t width() const { return (heads + 2 * kv_heads) * head_dim; }
};

std::ostream& operator<<(std::ostream& out, const Shapes& s) {
  return out << "B " << s.batch << " T " << s.time << " past " << s.past << " heads " << s.heads << "/" << s.kv_heads
             << " D " << s.head_dim << " gamma " << s.gamma;
}

/// Queries, keys and values side by side in qkv (B, past + T, width), as a model has them. Outputs begin as NaN.
struct Attention {
  Shapes shapes;
  Tensor qkv, y, log_sum, scratch;
  AttentionArgs args;

  Attention(const Shapes& s, const Tensor& input, const KernelTable& table) : shapes(s), qkv(input) {
    const DeviceKind device = input.device();
    const std::int64_t keys = s.past + s.time;
    y = Tensor::full({s.batch, s.time, s.heads, s.head_dim}, NAN, device);
    log_sum = Tensor::full({s.batch, s.heads, s.time}, NAN, device);
    const float* k = qkv.data<float>() + s.heads * s.head_dim;
    args = {.batch = s.batch,
            .time = s.time,
            .past = s.past,
            .heads = s.heads,
            .kv_heads = s.kv_heads,
            .head_dim = s.head_dim,
            .q = qkv.data<float>() + s.past * s.width(),
            .q_row = s.width(),
            .q_batch = keys * s.width(),
            .k = k,
            .v = k + s.kv_heads * s.head_dim,
            .kv_row = s.width(),
            .kv_batch = keys * s.width(),
            .y = y.data<float>(),
            .log_sum = log_sum.data<float>(),
            .scratch = nullptr,
            .gamma = s.gamma};
    scratch = Tensor::full({table.attention_scratch(args)}, NAN, device);
    args.scratch = scratch.data<float>();
  }

  /// The gradient of qkv. past is 0.
  Tensor backward(const Tensor& dy, const KernelTable& table) const {
    Tensor dqkv = Tensor::full(qkv.shape(), NAN, qkv.device());
    float* dk = dqkv.data<float>() + shapes.heads * shapes.head_dim;
    table.attention_backward({.forward = args,
                              .dy = dy.data<float>(),
                              .dq = dqkv.data<float>(),
                              .dk = dk,
                              .dv = dk + shapes.kv_heads * shapes.head_dim});
    return dqkv;
  }
};

/// Around the sizes of tiles (32, 64, 128 rows; 32, 64, 128, 256 columns).
std::vector<Shapes> all_shapes() {
  const std::vector<std::pair<std::int64_t, std::int64_t>> heads = {{1, 1}, {4, 2}, {6, 3}};
  std::vector<Shapes> shapes = {{1, 33, 0, 2, 1, 129}, {1, 40, 0, 1, 1, 256}};
  for (const std::int64_t time : {1, 5, 63, 64, 65, 130}) {
    for (const std::int64_t dim : {1, 7, 32, 48, 64, 80, 128}) {
      const auto& [queries, keys] = heads[shapes.size() % heads.size()];
      shapes.push_back({static_cast<std::int64_t>(1 + shapes.size() / 2 % 3), time, 0, queries, keys, dim});
    }
  }
  return shapes;
}

class CudaAttention : public CudaTest {
 protected:
  ~CudaAttention() override { cuda::set_math_mode(cuda::MathMode::fp32); }

  void expect_same_forward(const Shapes& shapes, const Bounds& bounds = kFp32) {
    SCOPED_TRACE(testing::Message() << shapes);
    const Tensor input = random_tensor({shapes.batch, shapes.past + shapes.time, shapes.width()}, 3);
    const Attention expected(shapes, input, cpu_kernels());
    cpu_kernels().attention(expected.args);
    const Attention actual(shapes, on_cuda(input), cuda_kernels());
    cuda_kernels().attention(actual.args);
    expect_close(actual.y, expected.y, bounds.forward);
    expect_close(actual.log_sum, expected.log_sum, bounds.log_sum);
  }

  void expect_same_backward(const Shapes& shapes, const Bounds& bounds = kFp32) {
    SCOPED_TRACE(testing::Message() << shapes);
    Tensor input = random_tensor({shapes.batch, shapes.time, shapes.width()}, 4);
    if (shapes.gamma < 0) {
      input = far_from_the_clip(input, {shapes.heads, shapes.kv_heads, shapes.head_dim});
    }
    const Tensor dy = random_tensor({shapes.batch, shapes.time, shapes.heads, shapes.head_dim}, 5);
    const Attention expected(shapes, input, cpu_kernels());
    cpu_kernels().attention(expected.args);
    const Attention actual(shapes, on_cuda(input), cuda_kernels());
    cuda_kernels().attention(actual.args);
    const Tensor gradient = actual.backward(on_cuda(dy), cuda_kernels());
    expect_close(gradient, expected.backward(dy, cpu_kernels()), bounds.backward);
    expect_equal(actual.backward(on_cuda(dy), cuda_kernels()), gradient);  // no sum depends on who comes first
  }
};

TEST_F(CudaAttention, ForwardEqualsTheCpus) {
  for (const Shapes& shapes : all_shapes()) {
    expect_same_forward(shapes);
  }
}

TEST_F(CudaAttention, ForwardBehindPastPositions) {
  for (const Shapes& shapes : std::vector<Shapes>{{1, 1, 1, 1, 1, 7},
                                                  {2, 5, 63, 4, 2, 64},
                                                  {1, 64, 64, 6, 3, 32},
                                                  {3, 65, 70, 1, 1, 48},
                                                  {1, 130, 1, 4, 2, 80},
                                                  {1, 9, 200, 2, 2, 128}}) {
    expect_same_forward(shapes);
  }
}

TEST_F(CudaAttention, BackwardEqualsTheCpus) {
  for (const Shapes& shapes : all_shapes()) {
    expect_same_backward(shapes);
  }
}

Shapes clipped(Shapes shapes) {
  shapes.gamma = kSampleGamma;
  return shapes;
}

TEST_F(CudaAttention, ClippedForwardEqualsTheCpus) {
  for (const Shapes& shapes : all_shapes()) {
    expect_same_forward(clipped(shapes));
  }
  for (Shapes shapes :
       std::vector<Shapes>{{1, 1, 1, 1, 1, 7}, {2, 5, 63, 4, 2, 64}, {3, 65, 70, 1, 1, 48}, {1, 1, 200, 2, 2, 128}}) {
    shapes.gamma = -2.0F / static_cast<float>(shapes.past + shapes.time);
    expect_same_forward(shapes);
  }
}

TEST_F(CudaAttention, ClippedBackwardEqualsTheCpus) {
  for (const Shapes& shapes : all_shapes()) {
    expect_same_backward(clipped(shapes));
  }
}

TEST_F(CudaAttention, InAnyOrderOfThreads) {
  under_every_schedule([&] {
    expect_same_forward({1, 70, 3, 4, 2, 20});
    expect_same_backward({1, 70, 0, 4, 2, 20});
    expect_same_backward({1, 40, 0, 2, 2, 66});
    expect_same_forward(clipped({1, 70, 3, 4, 2, 20}));
    expect_same_backward(clipped({1, 70, 0, 4, 2, 20}));
  });
}

TEST_F(CudaAttention, OnTensorCores) {
  cuda::set_math_mode(cuda::MathMode::tf32);
  for (const Shapes& shapes : std::vector<Shapes>{{1, 1, 0, 1, 1, 1},
                                                  {2, 63, 0, 4, 2, 7},
                                                  {1, 130, 0, 1, 1, 32},
                                                  {1, 65, 0, 6, 3, 48},
                                                  {1, 130, 0, 1, 1, 64},
                                                  {1, 33, 0, 2, 1, 80},
                                                  {1, 65, 0, 1, 1, 128},
                                                  {1, 5, 0, 1, 1, 129}}) {  // too wide for them
    expect_same_forward(shapes, kTf32);
    expect_same_backward(shapes, kTf32);
    expect_same_forward(clipped(shapes), kTf32);
    expect_same_backward(clipped(shapes), kTf32);
  }
  expect_same_forward({2, 65, 70, 4, 2, 48}, kTf32);
  under_every_schedule([&] {
    expect_same_forward({1, 70, 3, 4, 2, 20}, kTf32);
    expect_same_backward({1, 70, 0, 4, 2, 20}, kTf32);
  });
}

TEST_F(CudaAttention, RoundsOperandsOnlyWhereMathAllowsIt) {
  const Shapes shapes = {1, 40, 0, 2, 1, 32};
  const Tensor input = on_cuda(random_tensor({1, 40, shapes.width()}, 9));
  const auto forward = [&](cuda::MathMode mode) {
    cuda::set_math_mode(mode);
    const Attention attention(shapes, input, cuda_kernels());
    cuda_kernels().attention(attention.args);
    return attention.y;
  };
  const Tensor exact = forward(cuda::MathMode::fp32), rounded = forward(cuda::MathMode::tf32);
  EXPECT_GT(relative_error(rounded, exact), kFp32.forward);
  expect_equal(forward(cuda::MathMode::bf16), rounded);
}

// Scores up to 5600: exp overflows unless the maximum is subtracted, and the maximum rises from tile to tile.
TEST_F(CudaAttention, LargeScores) {
  const Shapes shapes = {1, 200, 0, 1, 1, 8};
  Tensor input = random_tensor({shapes.batch, shapes.time, shapes.width()}, 6);
  for (std::int64_t t = 0; t < shapes.time; ++t) {
    for (std::int64_t i = 0; i < 16; ++i) {
      input.data<float>()[t * 24 + i] = i < 8 ? 10.0F : static_cast<float>(t);
    }
  }
  const Attention expected(shapes, input, cpu_kernels());
  cpu_kernels().attention(expected.args);
  const Attention actual(shapes, on_cuda(input), cuda_kernels());
  cuda_kernels().attention(actual.args);
  expect_close(actual.y, expected.y, kFp32.forward);
  expect_close(actual.log_sum, expected.log_sum, kFp32.log_sum);
}

TEST_F(CudaAttention, WithoutLogSums) {
  const Shapes shapes = {1, 9, 0, 1, 1, 4};
  const Tensor input = random_tensor({1, 9, 12}, 7);
  Attention expected(shapes, input, cpu_kernels());
  cpu_kernels().attention(expected.args);
  Attention actual(shapes, on_cuda(input), cuda_kernels());
  actual.args.log_sum = nullptr;
  cuda_kernels().attention(actual.args);
  expect_close(actual.y, expected.y, kFp32.forward);
}

TEST_F(CudaAttention, RefusesHeadsThatAreTooWide) {
  const Shapes shapes = {1, 1, 0, 1, 1, 257};
  const Attention attention(shapes, on_cuda(random_tensor({1, 1, 3 * 257}, 8)), cuda_kernels());
  EXPECT_THAT([&] { cuda_kernels().attention(attention.args); },
              Throws<Error>(Property(&Error::what, HasSubstr("[attention] expected heads of at most 256 columns"))));
}

#ifdef OCTET_CUDA_SIMULATOR
TEST_F(CudaAttention, RefusesChipsWhoseSharedMemoryHoldsNoTile) {
  const std::size_t granted = simulator::shared_limit();
  simulator::set_shared_limit(48 * 1024);
  const Shapes shapes = {1, 1, 0, 1, 1, 64};
  const Attention attention(shapes, on_cuda(random_tensor({1, 1, 3 * 64}, 8)), cuda_kernels());
  EXPECT_THAT([&] { cuda_kernels().attention(attention.args); },
              Throws<Error>(Property(&Error::what, HasSubstr("[attention] expected a GPU that grants a block 69632 "
                                                             "bytes of shared memory, got simulated with 49152"))));
  simulator::set_shared_limit(granted);
}
#endif

}  // namespace
}  // namespace octet::attention_test
