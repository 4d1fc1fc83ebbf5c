#include "nn/layers/online_rotation.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tensor/autograd/node.h"
#include "tensor/ops/linear.h"
#include "tensor/ops/reduce.h"
#include "tests/support/error_of.h"
#include "tests/support/random_tensor.h"

namespace octet::online_rotation_test {
namespace {

/// One product, two, and Hadamard matrices that are made of blocks: 192 = 16 * 12, 1792 = 64 * 28.
constexpr std::int64_t kOrders[] = {1, 2, 12, 64, 128, 192, 256, 512, 1792};

Tensor identity(std::int64_t n) {
  Tensor result = Tensor::zeros({n, n});
  for (std::int64_t i = 0; i < n; ++i) {
    result.data<float>()[i * n + i] = 1.0F;
  }
  return result;
}

// The matrix has no entry but +-1 / sqrt(n), and its rows are orthogonal. Measured: at most 2.3e-6, sums of 1792
// squares.
TEST(OnlineRotation, IsOrthogonalAndSpreadsEvenly) {
  for (const std::int64_t n : kOrders) {
    const Tensor q = OnlineRotation(n, 3)(identity(n));
    for (const float entry : q.span<float>()) {
      ASSERT_NEAR(std::fabs(entry), 1.0 / std::sqrt(static_cast<double>(n)), 1e-6) << n;
    }
    const Tensor products = linear(q, q), expected = identity(n);
    for (std::int64_t i = 0; i < products.elements(); ++i) {
      ASSERT_NEAR(products.data<float>()[i], expected.data<float>()[i], 1e-5) << n;
    }
  }
}

// Measured: 7e-7 for outputs of about 14.
TEST(OnlineRotation, RotatedWeightsReadRotatedInputsAsBefore) {
  const Tensor x = random_tensor({2, 3, 384}, 1), w = random_tensor({5, 384}, 2);
  for (const std::int64_t n : {12, 192, 384}) {  // 32 parts, 2 parts, all of it
    const OnlineRotation rotation(n, 7);
    const std::vector<float> expected = linear(x, w).to_vector();
    EXPECT_THAT(linear(rotation(x), rotation(w)).to_vector(), testing::Pointwise(testing::FloatNear(5e-5F), expected));
  }
}

TEST(OnlineRotation, DependsOnItsSeed) {
  const Tensor x = random_tensor({2, 64}, 1);
  EXPECT_EQ(OnlineRotation(64, 1)(x).to_vector(), OnlineRotation(64, 1)(x).to_vector());
  EXPECT_NE(OnlineRotation(64, 1)(x).to_vector(), OnlineRotation(64, 2)(x).to_vector());
}

TEST(OnlineRotation, GradientsTurnBack) {
  const OnlineRotation rotation(256, 5);
  Tensor x = random_tensor({3, 256}, 1);
  x.set_requires_grad(true);
  backward(sum(rotation(x)));
  const Tensor ones = Tensor::full({1, 256}, 1.0F), q = rotation(identity(256));
  const Tensor expected = linear(ones, q);  // 1 Q^T
  for (std::int64_t i = 0; i < 256; ++i) {
    EXPECT_NEAR(x.grad().data<float>()[i], expected.data<float>()[i], 1e-5);
  }
}

TEST(OnlineRotation, NamesWidthsThatDoNotFit) {
  EXPECT_THAT(error_of(ErrorKind::config, [] { OnlineRotation(52, 1); }), testing::HasSubstr("52"));
  const Tensor x = random_tensor({2, 40}, 1);
  EXPECT_THAT(error_of(ErrorKind::run, [&] { OnlineRotation(64, 1)(x); }),
              testing::HasSubstr("expected parts of 64 values, got (2, 40)"));
}

}  // namespace
}  // namespace octet::online_rotation_test
