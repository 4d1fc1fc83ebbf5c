#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tensor/autograd/node.h"
#include "tensor/formats/any_weight.h"
#include "tensor/ops/activation.h"
#include "tensor/ops/dynamic_linear.h"
#include "tensor/ops/linear.h"
#include "tensor/ops/outlier_linear.h"
#include "tests/tensor/every_backend.h"

namespace octet::outlier_linear_kernel_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::ThrowsMessage;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

class OutlierLinear : public EveryBackend {};

/// int8 per row, int4 in ragged groups, int4 with a minimum.
std::vector<AnyWeight> integer_weights(std::int64_t n, std::int64_t k) {
  std::vector<AnyWeight> weights;
  for (const int bits : {8, 4}) {
    const std::int64_t group = bits == 8 ? k : 12;
    Codes codes{Tensor::empty({n, k}, DType::i8), {}, bits, Granularity::per_group, group};
    const Random random(static_cast<std::uint64_t>(bits));
    const int limit = largest_code(bits);
    for (std::int64_t i = 0; i < n * k; ++i) {
      const auto code = random.below(static_cast<std::uint64_t>(i), static_cast<std::uint64_t>(2 * limit + 1));
      codes.codes.data<std::int8_t>()[i] = static_cast<std::int8_t>(static_cast<int>(code) - limit);
    }
    codes.scales = Tensor::full(scales_shape(n, k, Granularity::per_group, group), 0x1p-7F);
    weights.push_back(bits == 8 ? AnyWeight(Int8Weight(codes)) : AnyWeight(Int4Weight(codes)));
    if (bits == 4) {
      for (std::int8_t& code : codes.codes.span<std::int8_t>()) {
        code = static_cast<std::int8_t>(code + limit);
      }
      codes.minimums = Tensor::full(codes.scales.shape(), -0x1p-4F);
      weights.push_back(Int4Weight(codes));
    }
  }
  return weights;
}

double largest_difference(const Tensor& a, const Tensor& b) {
  double largest = 0;
  for (std::int64_t i = 0; i < a.elements(); ++i) {
    largest = std::max(largest, std::fabs(static_cast<double>(a.data<float>()[i]) - b.data<float>()[i]));
  }
  return largest;
}

TEST_F(OutlierLinear, FindsTheColumnsOfLargeValues) {
  Tensor x = Tensor::full({3, 7}, 1.0F);
  EXPECT_THAT(outlier_columns(x, 6.0F), IsEmpty());
  x.data<float>()[2] = 6.0F;                                          // exactly the threshold counts
  x.data<float>()[7 + 4] = -100.0F;                                   // so do negative values, in any row
  x.data<float>()[14 + 6] = std::numeric_limits<float>::quiet_NaN();  // and NaN, so that it stays NaN
  EXPECT_THAT(outlier_columns(x, 6.0F), ElementsAre(2, 4, 6));
  EXPECT_THAT(outlier_columns(x, 0.0F), ElementsAre(0, 1, 2, 3, 4, 5, 6));
  EXPECT_THAT([&] { outlier_columns(x, -1.0F); }, ThrowsMessage<Error>(HasSubstr("threshold of at least 0, got -1")));
  Tensor large = Tensor::zeros({300, 700});  // looked through by several threads
  large.data<float>()[299 * 700 + 699] = 9.0F;
  EXPECT_THAT(outlier_columns(large, 6.0F), ElementsAre(699));
}

TEST_F(OutlierLinear, ThresholdInfinityIsTheDynamicProductBitForBit) {
  on_every_backend([] {
    const Tensor x = random_tensor({5, 45}, 1), bias = random_tensor({19}, 2);
    for (const AnyWeight& weight : integer_weights(19, 45)) {
      const PackedWeight packed = pack(weight);
      for (const Nonlinearity f : {Nonlinearity::none, Nonlinearity::gelu, Nonlinearity::silu}) {
        EXPECT_EQ(outlier_linear(x, kInfinity, packed, bias, f).to_vector(),
                  dynamic_linear(x, packed, bias, f).to_vector());
      }
    }
  });
}

// Sums of 45 products in another order: measured at most 4e-7 for values of about 1.
constexpr double kFloatBound = 4e-6;

TEST_F(OutlierLinear, ThresholdZeroIsTheFp32Product) {
  on_every_backend([] {
    for (const std::int64_t rows : {1, 5}) {
      const Tensor x = random_tensor({rows, 45}, 1), bias = random_tensor({19}, 2);
      for (const AnyWeight& weight : integer_weights(19, 45)) {
        SCOPED_TRACE(describe(weight));
        const Tensor exact = linear(x, dequantize(weight), bias);
        EXPECT_LT(largest_difference(outlier_linear(x, 0.0F, pack(weight), bias), exact), kFloatBound);
        EXPECT_LT(largest_difference(outlier_linear(x, 0.0F, pack(weight), bias, Nonlinearity::gelu), gelu(exact)),
                  kFloatBound);
      }
    }
  });
}

// By definition: the dynamic product of what is left plus the FP32 product of what was taken out.
TEST_F(OutlierLinear, SplitsTheProduct) {
  on_every_backend([] {
    Tensor x = random_tensor({2, 3, 45}, 1);
    for (std::int64_t row = 0; row < 6; ++row) {
      x.data<float>()[row * 45 + 7] = 60.0F;
      x.data<float>()[row * 45 + 44] *= 40.0F;
    }
    const std::vector<std::int64_t> columns = outlier_columns(x, 6.0F);
    ASSERT_THAT(columns, ElementsAre(7, 44));
    Tensor outliers = Tensor::zeros(x.shape());
    const Tensor rest = without_columns(x, columns);
    for (std::int64_t i = 0; i < x.elements(); ++i) {
      outliers.data<float>()[i] = x.data<float>()[i] - rest.data<float>()[i];
    }
    for (const AnyWeight& weight : integer_weights(19, 45)) {
      SCOPED_TRACE(describe(weight));
      const PackedWeight packed = pack(weight);
      const Tensor dynamic = dynamic_linear(rest, packed), exact = linear(outliers, dequantize(weight));
      const Tensor y = outlier_linear(x, 6.0F, packed);
      ASSERT_EQ(y.shape(), (Shape{2, 3, 19}));
      for (std::int64_t i = 0; i < y.elements(); ++i) {
        // One more addition of values up to 60.
        ASSERT_NEAR(y.data<float>()[i], dynamic.data<float>()[i] + exact.data<float>()[i], 60 * kFloatBound);
      }
      // What it is for: the error is that of a row without outliers.
      const Tensor all = linear(x, dequantize(weight));
      EXPECT_LT(10 * largest_difference(y, all), largest_difference(dynamic_linear(x, packed), all));
    }
  });
}

TEST_F(OutlierLinear, KeepsNanInItsRow) {
  on_every_backend([] {
    const PackedWeight packed = pack(integer_weights(5, 19).front());
    for (const float bad : {std::numeric_limits<float>::quiet_NaN(), kInfinity}) {
      Tensor x = Tensor::full({2, 19}, 1.0F);
      x.data<float>()[3] = bad;
      const Tensor y = outlier_linear(x, 6.0F, packed);
      for (std::int64_t n = 0; n < 5; ++n) {
        EXPECT_FALSE(std::isfinite(y.data<float>()[n]));
        EXPECT_TRUE(std::isfinite(y.data<float>()[5 + n]));
      }
    }
  });
}

TEST_F(OutlierLinear, RefusesGradientsAndOtherShapes) {
  const PackedWeight packed = pack(integer_weights(5, 19).front());
  Tensor x = Tensor::full({2, 19}, 7.0F);
  x.set_requires_grad(true);
  const Tensor y = outlier_linear(x, 6.0F, packed);
  EXPECT_THAT([&] { backward(y); }, ThrowsMessage<Error>(HasSubstr("[outlier_linear] has no gradient")));
  EXPECT_THAT(
      [&] {
        outlier_linear(Tensor::zeros({2, 18}), 6.0F, packed);
      },
      ThrowsMessage<Error>(HasSubstr("[outlier_linear] expected x (..., 19), got (2, 18)")));
  const PackedWeight half = pack(HalfWeight(Tensor::zeros({4, 8}, DType::f16)));
  EXPECT_THAT(
      [&] {
        outlier_linear(Tensor::zeros({2, 8}), 6.0F, half);
      },
      ThrowsMessage<Error>(HasSubstr("expected a weight with integer codes")));
}

}  // namespace
}  // namespace octet::outlier_linear_kernel_test
