#include "quant/absmax.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/random.h"
#include "quant/error_stats.h"
#include "tensor/formats/any_weight.h"
#include "tests/support/random_tensor.h"

namespace octet::absmax_test {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr Granularity kGranularities[] = {Granularity::per_tensor, Granularity::per_channel, Granularity::per_group};

TEST(Absmax, FollowsTheFormula) {
  // scale = 2.54 / 127 = 0.02: 0.03 and 0.05 lie halfway in exact arithmetic, but not in binary; 1 / 0.02 = 50.
  const Codes codes =
      absmax_quantize(Tensor::from<float>({2.54F, -2.54F, 1.0F, 0.009F}, {1, 4}), 8, Granularity::per_channel);
  EXPECT_THAT(codes.codes.span<std::int8_t>(), ElementsAre(127, -127, 50, 0));
  EXPECT_FLOAT_EQ(codes.scales.item(), 0.02F);
}

TEST(Absmax, RoundsHalfToEven) {
  const Codes codes = absmax_quantize(Tensor::from<float>({7, 0.5F, 1.5F, 2.5F, -0.5F, -1.5F, -2.5F}, {1, 7}), 4,
                                      Granularity::per_channel);
  EXPECT_THAT(codes.codes.span<std::int8_t>(), ElementsAre(7, 0, 2, 2, 0, -2, -2));
}

TEST(Absmax, ScalesBelongToWhatSharesThem) {
  const Tensor w = Tensor::from<float>({7, 1, 14, 2, 3, 70}, {2, 3});
  EXPECT_THAT(absmax_scales(w, 4, Granularity::per_tensor).span<float>(), ElementsAre(10));
  EXPECT_THAT(absmax_scales(w, 4, Granularity::per_channel).span<float>(), ElementsAre(2, 10));
  EXPECT_THAT(absmax_scales(w, 4, Granularity::per_group, 2).span<float>(), ElementsAre(1, 2, 3.0F / 7, 10));
  EXPECT_EQ(absmax_scales(w, 4, Granularity::per_group, 3).shape(), (Shape{2, 1}));
  EXPECT_THAT(absmax_scales(w, 4, Granularity::per_group, 999).span<float>(), ElementsAre(2, 10));
}

TEST(Absmax, AllZeroRowsGetCodesZeroAndScaleOne) {
  const Tensor w = Tensor::from<float>({0, 0, 0, 0, 0, 7}, {2, 3});
  const Codes channel = absmax_quantize(w, 4, Granularity::per_channel);
  EXPECT_THAT(channel.scales.span<float>(), ElementsAre(1, 1));
  EXPECT_THAT(channel.codes.span<std::int8_t>(), ElementsAre(0, 0, 0, 0, 0, 7));
  const Codes group = absmax_quantize(w, 4, Granularity::per_group, 2, DType::f16);
  EXPECT_THAT(group.scales.span<float>(), Each(1.0F));
  EXPECT_THAT(absmax_quantize(Tensor::zeros({4, 4}), 8, Granularity::per_tensor).codes.span<std::int8_t>(), Each(0));
}

TEST(Absmax, RefusesWeightsThatAreNotFinite) {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    Tensor w = Tensor::zeros({3, 4});
    w.data<float>()[6] = bad;
    EXPECT_THAT(
        [&] { absmax_quantize(w, 8, Granularity::per_channel); },
        ThrowsMessage<Error>(fmt::format("[quantize] expected finite weights, got {} at row 1, column 2", bad)));
  }
}

TEST(Absmax, AGroupLargerThanARowIsTheRow) {
  const Tensor w = Tensor::full({2, 3}, 1.0F);
  for (const std::int64_t group : {std::int64_t{4}, std::numeric_limits<std::int64_t>::max()}) {
    EXPECT_EQ(absmax_quantize(w, 4, Granularity::per_group, group).scales.shape(), (Shape{2, 1})) << group;
  }
}

TEST(Absmax, RefusesBadArguments) {
  const Tensor w = Tensor::zeros({2, 2});
  const auto kind_of = [&](int bits, std::int64_t group) {
    try {
      absmax_quantize(w, bits, Granularity::per_group, group);
    } catch (const Error& error) {
      return error.kind();
    }
    return ErrorKind::run;
  };
  EXPECT_EQ(kind_of(1, 32), ErrorKind::config);
  EXPECT_EQ(kind_of(9, 32), ErrorKind::config);
  EXPECT_EQ(kind_of(8, 0), ErrorKind::config);
  EXPECT_EQ(kind_of(8, -1), ErrorKind::config);
  EXPECT_THAT([] { absmax_quantize(Tensor::zeros({4}), 8, Granularity::per_tensor); },
              ThrowsMessage<Error>(HasSubstr("expected a matrix of f32 weights, got shape (4)")));
}

TEST(Absmax, TinyWeightsStayWithinTheCodes) {
  const float tiny = std::numeric_limits<float>::denorm_min();
  for (const DType scale_dtype : {DType::f32, DType::f16}) {
    const Codes codes = absmax_quantize(Tensor::from<float>({9 * tiny, -9 * tiny}, {1, 2}), 4, Granularity::per_channel,
                                        0, scale_dtype);
    EXPECT_NO_THROW(validate(codes));
  }
}

// Below 2^-14 FP16 has fewer digits. max / 7 = 1.49 * 2^-24 would be stored as 2^-24, whose largest code reaches only
// 7 * 2^-24: the next scale serves.
TEST(Absmax, Fp16ScalesAreLargeEnoughForTheLargestWeight) {
  const float unit = 0x1p-24F;
  const Codes codes = absmax_quantize(Tensor::from<float>({10.4F * unit, -1.0F * unit}, {1, 2}), 4,
                                      Granularity::per_channel, 0, DType::f16);
  EXPECT_EQ(codes.scales.item(), 2 * unit);
  EXPECT_THAT(codes.codes.span<std::int8_t>(), ElementsAre(5, 0));
  EXPECT_THAT(
      [] {
        absmax_quantize(Tensor::full({1, 1}, 1e6F), 4, Granularity::per_channel, 0, DType::f16);
      },
      ThrowsMessage<Error>(HasSubstr("expected weights whose scale fits FP16, got a scale of 142857")));
}

struct Sample {
  Tensor w;
  int bits;
  Granularity granularity;
  std::int64_t group;
  DType scale_dtype;
};

Sample arbitrary_sample() {
  const auto rows = *rc::gen::inRange<std::int64_t>(1, 9);
  const auto columns = *rc::gen::inRange<std::int64_t>(1, 80);
  const auto seed = *rc::gen::arbitrary<std::uint64_t>();
  const float spread = std::exp(*rc::gen::inRange(-6, 4));
  return {random_tensor({rows, columns}, seed, spread), *rc::gen::inRange(2, 9),
          *rc::gen::elementOf(std::vector(std::begin(kGranularities), std::end(kGranularities))),
          *rc::gen::inRange<std::int64_t>(1, 90), *rc::gen::element(DType::f32, DType::f16)};
}

// Half a step, and the rounding of code * scale and of x / scale.
constexpr float kHalfStep = 0.5F + 1e-5F;

TEST(Absmax, ErrorIsAtMostHalfAStep) {
  EXPECT_TRUE(rc::check([] {
    const Sample s = arbitrary_sample();
    const Codes codes = absmax_quantize(s.w, s.bits, s.granularity, s.group, s.scale_dtype);
    validate(codes);
    const Tensor restored = dequantize(codes);
    for (std::int64_t i = 0; i < s.w.elements(); ++i) {
      const float scale = codes.scale(i / codes.columns(), i % codes.columns() / codes.columns_per_scale());
      RC_ASSERT(std::fabs(s.w.data<float>()[i] - restored.data<float>()[i]) <= kHalfStep * scale);
    }
  }));
}

TEST(Absmax, QuantizingWhatWasRestoredGivesTheSameCodes) {
  EXPECT_TRUE(rc::check([] {
    const Sample s = arbitrary_sample();
    const Codes once = absmax_quantize(s.w, s.bits, s.granularity, s.group, s.scale_dtype);
    // Below 2^-14 FP16 has so few scales that the largest code may not be used, and then another scale may serve.
    const auto scales = once.scales.span<float>();
    RC_PRE(s.scale_dtype == DType::f32 || *std::min_element(scales.begin(), scales.end()) >= 0x1p-14F);
    const Codes twice = absmax_quantize(dequantize(once), s.bits, s.granularity, s.group, s.scale_dtype);
    const auto a = once.codes.span<std::int8_t>(), b = twice.codes.span<std::int8_t>();
    RC_ASSERT(std::equal(a.begin(), a.end(), b.begin(), b.end()));
  }));
}

TEST(Absmax, Int4WeightHoldsItsCodesExactly) {
  EXPECT_TRUE(rc::check([] {
    Sample s = arbitrary_sample();
    s.bits = std::min(s.bits, 4);
    const Codes codes = absmax_quantize(s.w, s.bits, s.granularity, s.group, DType::f16);
    const Int4Weight weight(codes);
    RC_ASSERT(dequantize(weight).to_vector() == dequantize(codes).to_vector());
  }));
}

TEST(QuantizationError, CountsWhatHappened) {
  const Tensor w = Tensor::from<float>({7, 0.4F, -3.2F, 0, 20, -1}, {1, 6});
  const AnyWeight weight = Int8Weight(round_to_codes(w, Tensor::full({1}, 1.0F), 4, Granularity::per_channel));
  const QuantizationError error = quantization_error(w, weight);
  EXPECT_EQ(error.elements, 6);
  EXPECT_EQ(error.zeros, 1);    // 0.4
  EXPECT_EQ(error.clipped, 1);  // 20 became 7
  EXPECT_EQ(error.sign_flips, 0);
  EXPECT_EQ(error.levels_used, 4);  // 7, 0, -3, -1
  EXPECT_EQ(error.levels_total, 16);
  EXPECT_DOUBLE_EQ(error.max_abs, 13);
  EXPECT_NEAR(error.mse, (0.16 + 0.04 + 169) / 6, 1e-6);
  EXPECT_NEAR(error.snr_db, 10 * std::log10((49 + 0.16 + 10.24 + 400 + 1) / 169.2), 1e-6);
  EXPECT_EQ(quantization_error(w, w).snr_db, std::numeric_limits<double>::infinity());
  EXPECT_EQ(quantization_error(w, Tensor::full({1, 6}, -1.0F)).sign_flips, 3);
}

// Uniform noise of a step: mse = scale^2 / 12. With 100,000 values the estimate is within a few per cent.
TEST(QuantizationError, OfRoundingIsThatOfUniformNoise) {
  const Tensor w = random_tensor({1, 100'000}, 3);
  const Codes codes = absmax_quantize(w, 8, Granularity::per_tensor);
  const double step = codes.scales.item();
  EXPECT_NEAR(quantization_error(w, dequantize(codes)).mse / (step * step / 12), 1.0, 0.03);
}

}  // namespace
}  // namespace octet::absmax_test
