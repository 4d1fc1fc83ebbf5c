#include "quant/fp8.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "quant/error_stats.h"
#include "tensor/formats/any_weight.h"
#include "tensor/formats/small_floats.h"
#include "tests/support/random_tensor.h"

namespace octet::fp8_test {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

// Every E4M3 number but NaN, times every scale, is restored, and FP16 holds it.
TEST(Fp8, RestoresItsOwnNumbers) {
  for (int exponent = kLowestFp8Scale; exponent <= kHighestFp8Scale; ++exponent) {
    Tensor w = Tensor::empty({1, 254});
    for (std::int64_t i = 0; i < 254; ++i) {
      w.data<float>()[i] = std::ldexp(from_e4m3(static_cast<std::uint8_t>(i < 127 ? i : i + 1)), exponent);
    }
    const Fp8Weight weight = fp8_quantize(w);
    EXPECT_EQ(weight.scales().data<std::uint8_t>()[0], 127 + exponent);
    EXPECT_EQ(dequantize(weight).to_vector(), w.to_vector());
    EXPECT_EQ(dequantize(weight.to_half()).to_vector(), w.to_vector());
  }
}

TEST(Fp8, ErrsByAtMostASixteenthOfAWeight) {
  const Tensor w = random_tensor({20, 77}, 3, 0.02F);
  const Tensor restored = dequantize(fp8_quantize(w));
  for (std::int64_t i = 0; i < w.elements(); ++i) {
    const float x = w.data<float>()[i];
    // Below 2^-6 of a scale of at least 2^-15 numbers are multiples of 2^-9 of it.
    ASSERT_LE(std::fabs(x - restored.data<float>()[i]), std::max(0x1p-4F * std::fabs(x), 0x1p-10F * 0x1p-12F));
  }
}

// Mean square error of a mantissa of three bits on a unit Gaussian: the relative error is about uniform within half a
// step, 2^-4 to 2^-3 of a number, so between (2^-4)^2 / 12 / 4 and (2^-3)^2 / 12. Measured 0.00070.
TEST(Fp8, ErrorOnAGaussian) {
  const Tensor w = random_tensor({256, 512}, 21);
  const double mse = quantization_error(w, AnyWeight(fp8_quantize(w))).mse;
  EXPECT_GT(mse, 0x1p-8 / 48);
  EXPECT_LT(mse, 0x1p-6 / 12);
}

TEST(Fp8, ZerosAndTinyRows) {
  EXPECT_EQ(dequantize(fp8_quantize(Tensor::zeros({2, 3}))).to_vector(), std::vector<float>(6));
  const Tensor tiny = Tensor::from<float>({0x1p-24F, -0x1p-26F, 1e-42F}, {1, 3});
  EXPECT_EQ(dequantize(fp8_quantize(tiny)).to_vector(), (std::vector<float>{0x1p-24F, -0.0F, 0.0F}));
  EXPECT_THAT([] { fp8_quantize(Tensor::full({1, 2}, 57400.0F)); }, ThrowsMessage<Error>(HasSubstr("at most 57,344")));
  EXPECT_THAT(
      [] {
        fp8_quantize(Tensor::full({1, 1}, std::numeric_limits<float>::quiet_NaN()));
      },
      ThrowsMessage<Error>(HasSubstr("expected finite weights, got nan")));
}

TEST(Fp8, TakesEightBitsAndAScaleForEachRow) {
  const AnyWeight weight = fp8_quantize(random_tensor({4, 64}, 1));
  EXPECT_EQ(bytes(weight), 4 * 64 + 4);
  EXPECT_EQ(describe(weight), "fp8 per_channel");
  EXPECT_FALSE(has_codes(weight));
}

}  // namespace
}  // namespace octet::fp8_test
