#include <array>

#include "base/error.h"
#include "tensor/cuda/gemm/products.h"
#include "tensor/cuda/runtime/switches.h"
#include "tests/cuda/cuda_test.h"
#include "tests/cuda/gemm_sample.h"

namespace octet::gemm_test {
namespace {

class GemmTest : public CudaTest {
 protected:
  ~GemmTest() override { cuda::set_math_mode(cuda::MathMode::fp32); }

  /// c after the product of `sample` on the device.
  static std::vector<float> result_of(const cuda::GemmSample& sample) {
    const auto copy = [](const std::vector<float>& values) {
      return on_cuda(Tensor::from(values, {static_cast<std::int64_t>(values.size())}));
    };
    const Tensor a = copy(sample.a), b = copy(sample.b), c = copy(sample.c);
    GemmArgs args = sample.args;
    args.a = a.data<float>();
    args.b = b.data<float>();
    args.c = c.data<float>();
    const Tensor residual = copy(sample.residual);
    args.residual = sample.residual.empty() ? nullptr : residual.data<float>();
    cuda_kernels().gemm(args);
    return c.to_vector();
  }
};

// Whole numbers, so that sums are exact in any order and any math mode.
TEST_F(GemmTest, EqualsTheDefinition) {
  for (const auto mode : {cuda::MathMode::fp32, cuda::MathMode::tf32, cuda::MathMode::bf16}) {
    cuda::set_math_mode(mode);
    for (const auto& [m, n, k, batch] :
         {std::array{1, 1, 1, 1}, {2, 3, 4, 1}, {5, 1, 7, 2}, {1, 6, 3, 3}, {33, 17, 65, 2}}) {
      for (const bool transpose_a : {false, true}) {
        for (const bool transpose_b : {false, true}) {
          SCOPED_TRACE(fmt::format("{} x {} x {}, transposed: {} {}", m, n, k, transpose_a, transpose_b));
          const cuda::GemmSample sample(transpose_a, transpose_b, m, n, k, batch);
          EXPECT_EQ(result_of(sample), sample.expected());
        }
      }
    }
  }
}

// Of few results with long sums, which the library may cut along K; sums of whole numbers show where a part is lost.
TEST_F(GemmTest, LongSumsAreExactHoweverTheyAreCut) {
  const cuda::Switches usual = cuda::switches();
  for (const bool split : {false, true}) {
    cuda::switches().split_sums = split;
    for (const auto mode : {cuda::MathMode::fp32, cuda::MathMode::tf32}) {
      cuda::set_math_mode(mode);
      for (const int k : {4096, 4160, 4100}) {
        SCOPED_TRACE(fmt::format("k {}, split {}", k, split));
        const cuda::GemmSample sample(true, false, 32, 48, k);
        const std::vector<float> result = result_of(sample);
        EXPECT_EQ(result, sample.expected());
        EXPECT_EQ(result_of(sample), result);
      }
    }
  }
  cuda::switches() = usual;
}

// The gradients of a weight and its bias, by one product and by two. Whole numbers.
TEST_F(GemmTest, GradientsOfABiasAreSumsOverRows) {
  const cuda::Switches usual = cuda::switches();
  for (const auto& [rows, n, k] : {std::array{1, 1, 1}, {300, 48, 32}, {4096, 17, 33}}) {
    const auto numbers = [](std::int64_t count, std::uint64_t stream) {
      return cuda::whole_numbers<float>(count, stream);
    };
    const std::vector<float> x = numbers(rows * k, 1), dy = numbers(rows * n, 2);
    std::vector<float> dw(static_cast<std::size_t>(n * k)), db(static_cast<std::size_t>(n));
    for (std::size_t row = 0; row < static_cast<std::size_t>(rows); ++row) {
      for (std::size_t i = 0; i < db.size(); ++i) {
        db[i] += dy[row * db.size() + i];
        for (std::size_t j = 0; j < static_cast<std::size_t>(k); ++j) {
          dw[i * static_cast<std::size_t>(k) + j] += dy[row * db.size() + i] * x[row * static_cast<std::size_t>(k) + j];
        }
      }
    }
    const Tensor x_there = on_cuda(Tensor::from(x, {rows, k})), dy_there = on_cuda(Tensor::from(dy, {rows, n}));
    for (const bool joint : {false, true}) {
      SCOPED_TRACE(fmt::format("{} rows, {} x {}, joint {}", rows, n, k, joint));
      cuda::switches().joint_bias = joint;
      const Tensor dw_there = Tensor::full({n, k}, NAN, DeviceKind::cuda),
                   db_there = Tensor::full({n}, NAN, DeviceKind::cuda);
      LinearBackwardArgs args{
          .rows = rows, .n = n, .k = k, .x = x_there.data<float>(), .weight = nullptr, .dy = dy_there.data<float>()};
      args.dw = dw_there.data<float>();
      args.db = db_there.data<float>();
      cuda_kernels().linear_backward(args);
      EXPECT_EQ(dw_there.to_vector(), dw);
      EXPECT_EQ(db_there.to_vector(), db);
      const Tensor alone = Tensor::full({n}, NAN, DeviceKind::cuda);
      args.dw = nullptr;
      args.db = alone.data<float>();
      cuda_kernels().linear_backward(args);
      EXPECT_EQ(alone.to_vector(), db);
    }
  }
  cuda::switches() = usual;
}

TEST_F(GemmTest, AddsTheResidual) {
  for (const auto& [m, n, k] : {std::array{1, 1, 1}, {5, 1, 7}, {33, 17, 65}}) {
    cuda::GemmSample sample(false, true, m, n, k);
    sample.add_residual();
    sample.c.assign(sample.c.size(), NAN);  // is not read
    std::vector<float> expected = sample.expected(), result = result_of(sample);
    for (std::size_t i = 0; i < result.size(); ++i) {
      const bool gap = std::isnan(expected[i]);
      EXPECT_TRUE(gap ? std::isnan(result[i]) : result[i] == expected[i]) << i;
    }
  }
}

TEST_F(GemmTest, WithoutProductsLeavesZeroOrWhatWasThere) {
  for (const float beta : {0.0F, 1.0F}) {
    cuda::GemmSample sample(false, false, 3, 4, 0, 2);
    sample.args.beta = beta;
    EXPECT_EQ(result_of(sample), sample.expected());
  }
  const cuda::GemmSample other(false, false, 3, 4, 0);
  EXPECT_THROW(result_of(other), Error);
}

TEST_F(GemmTest, WithoutElementsNothingHappens) {
  for (const auto& [m, n, batch] : {std::array{0, 4, 2}, {3, 0, 2}, {3, 4, 0}}) {
    cuda::GemmSample sample(false, true, m, n, 5, batch);
    sample.c.resize(64);
    EXPECT_EQ(result_of(sample), sample.c);
  }
}

}  // namespace
}  // namespace octet::gemm_test
