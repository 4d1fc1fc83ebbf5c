#include "quant/minmax.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/random.h"
#include "quant/absmax.h"
#include "quant/error_stats.h"
#include "tensor/half.h"
#include "tests/support/random_tensor.h"

namespace octet::minmax_test {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr Granularity kGranularities[] = {Granularity::per_tensor, Granularity::per_channel, Granularity::per_group};

TEST(Minmax, FollowsTheFormula) {
  // From -1 to 2.75 in 15 steps of 0.25. 0.125 and 0.375 lie halfway: to the even codes 4 and 6.
  const Codes codes =
      minmax_quantize(Tensor::from<float>({-1, 2.75F, 0, 0.125F, 0.375F, 0.5F}, {1, 6}), 4, Granularity::per_channel);
  EXPECT_EQ(codes.scales.item(), 0.25F);
  EXPECT_EQ(codes.minimums.item(), -1.0F);
  EXPECT_THAT(codes.codes.span<std::int8_t>(), ElementsAre(0, 15, 4, 4, 6, 6));
}

TEST(Minmax, TheRangeIncludesZero) {
  const Codes positive = minmax_quantize(Tensor::from<float>({1, 1.5F}, {1, 2}), 2, Granularity::per_channel);
  EXPECT_EQ(positive.minimums.item(), 0.0F);
  EXPECT_EQ(positive.scales.item(), 0.5F);
  EXPECT_THAT(positive.codes.span<std::int8_t>(), ElementsAre(2, 3));
  const Codes negative = minmax_quantize(Tensor::from<float>({-1, -1.5F}, {1, 2}), 2, Granularity::per_channel);
  EXPECT_EQ(negative.minimums.item(), -1.5F);
  EXPECT_THAT(negative.codes.span<std::int8_t>(), ElementsAre(1, 0));
}

TEST(Minmax, GroupsOfEqualValuesAreRestored) {
  for (const float value : {0.0F, 3.75F, -3.75F, 0x1p-14F * 15}) {
    const Codes codes = minmax_quantize(Tensor::full({2, 5}, value), 4, Granularity::per_group, 3);
    EXPECT_THAT(dequantize(codes).to_vector(), Each(value));
  }
  const Codes zero = minmax_quantize(Tensor::zeros({1, 4}), 4, Granularity::per_channel);
  EXPECT_EQ(zero.scales.item(), 1.0F);
  EXPECT_THAT(zero.codes.span<std::int8_t>(), Each(0));
}

TEST(Minmax, ErrorIsAtMostHalfAStep) {
  rc::check([](std::uint64_t seed) {
    const auto rows = *rc::gen::inRange<std::int64_t>(1, 5), columns = *rc::gen::inRange<std::int64_t>(1, 70);
    const auto group = *rc::gen::inRange<std::int64_t>(1, 80);
    const int bits = *rc::gen::inRange(2, 5);
    const auto granularity = kGranularities[*rc::gen::inRange(0, 3)];
    const float spread = std::ldexp(1.0F, *rc::gen::inRange(-26, 12));
    const float mean = spread * static_cast<float>(*rc::gen::inRange(-3, 4));
    const Tensor w = random_tensor({rows, columns}, seed, spread, mean);
    const Codes codes = minmax_quantize(w, bits, granularity, group);
    validate(codes);
    const Tensor restored = dequantize(codes);
    for (std::int64_t i = 0; i < w.elements(); ++i) {
      const float scale = codes.scale(i / columns, i % columns / codes.columns_per_scale());
      RC_ASSERT(std::fabs(w.data<float>()[i] - restored.data<float>()[i]) <= (0.5F + 0x1p-5F) * scale + 0x1p-25F);
    }
  });
}

TEST(Minmax, ScalesAndMinimumsAreThoseThatFp16Holds) {
  const Codes codes = minmax_quantize(random_tensor({7, 70}, 1, 1.0F, 0.1F), 4, Granularity::per_group, 32);
  for (const Tensor& values : {codes.scales, codes.minimums}) {
    for (const float value : values.span<float>()) {
      EXPECT_EQ(to_float(to_float16(value)), value);
    }
  }
}

TEST(Minmax, QuantizingTheResultGivesTheSameCodes) {
  const Tensor w = random_tensor({4, 64}, 3);
  const Codes once = minmax_quantize(w, 4, Granularity::per_group, 32);
  const Codes twice = minmax_quantize(dequantize(once), 4, Granularity::per_group, 32);
  EXPECT_THAT(twice.codes.span<std::int8_t>(), testing::ElementsAreArray(once.codes.span<std::int8_t>()));
}

// What the format is for: values that are mostly on one side of 0. Twice as many levels there are 6 dB.
TEST(Minmax, LeavesLessErrorThanASymmetricGrid) {
  const Tensor normal = random_tensor({32, 128}, 5), shifted = random_tensor({32, 128}, 5, 1.0F, 3.0F);
  const auto snr = [](const Tensor& w, const Codes& codes) { return quantization_error(w, dequantize(codes)).snr_db; };
  const auto gain = [&](const Tensor& w) {
    return snr(w, minmax_quantize(w, 4, Granularity::per_group, 32)) -
           snr(w, absmax_quantize(w, 4, Granularity::per_group, 32, DType::f16));
  };
  EXPECT_GT(gain(normal), 0.5);   // measured 1.4
  EXPECT_GT(gain(shifted), 5.5);  // measured 6.5
}

TEST(Minmax, ErrorStatisticsKnowTheGrid) {
  Tensor w = Tensor::zeros({1, 16});
  for (std::int64_t i = 0; i < 16; ++i) {
    w.data<float>()[i] = static_cast<float>(i) - 4.0F;
  }
  const AnyWeight weight = Int4Weight(minmax_quantize(w, 4, Granularity::per_channel));
  const QuantizationError error = quantization_error(w, weight);
  EXPECT_EQ(error.mse, 0.0);
  EXPECT_EQ(error.levels_used, 16);
  EXPECT_EQ(error.levels_total, 16);
  EXPECT_EQ(error.clipped, 0);
  w.data<float>()[0] = -4.6F;
  w.data<float>()[1] = 11.6F;
  EXPECT_EQ(quantization_error(w, weight).clipped, 2);
}

TEST(Minmax, RefusesWhatItCannotQuantize) {
  const Tensor w = Tensor::zeros({2, 2});
  EXPECT_THAT([&] { minmax_quantize(w, 5, Granularity::per_channel); },
              ThrowsMessage<Error>("[quantize] expected 2 to 4 bits for codes with a minimum, got 5"));
  EXPECT_THAT([&] { minmax_quantize(w, 4, Granularity::per_group, 0); }, ThrowsMessage<Error>(HasSubstr("a group of")));
  EXPECT_THAT(
      [&] {
        minmax_quantize(Tensor::full({2, 2}, -1e6F), 4, Granularity::per_channel);
      },
      ThrowsMessage<Error>(HasSubstr("whose minimum fits FP16")));
  EXPECT_THAT(
      [&] {
        minmax_quantize(Tensor::full({2, 2}, 1e7F), 4, Granularity::per_channel);
      },
      ThrowsMessage<Error>(HasSubstr("whose scale fits FP16")));
  EXPECT_THAT(
      [&] {
        minmax_quantize(Tensor::full({1, 2}, std::numeric_limits<float>::infinity()), 4, Granularity::per_channel);
      },
      ThrowsMessage<Error>(HasSubstr("expected finite weights, got inf at row 0, column 0")));
}

}  // namespace
}  // namespace octet::minmax_test
