#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tensor/formats/any_weight.h"
#include "tensor/half.h"

namespace octet::formats_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

Codes make_codes(const std::vector<std::int8_t>& values, const Shape& shape, const std::vector<float>& scales,
                 const Shape& scales_of, int bits, Granularity granularity, std::int64_t group = 0) {
  return {Tensor::from(values, shape), Tensor::from(scales, scales_of), bits, granularity, group};
}

TEST(Codes, ValueIsCodeTimesItsScale) {
  const std::vector<std::int8_t> values{1, -2, 3, -4, 5, -6};
  EXPECT_THAT(dequantize(make_codes(values, {2, 3}, {0.5F}, {1}, 8, Granularity::per_tensor)).to_vector(),
              ElementsAre(0.5F, -1, 1.5F, -2, 2.5F, -3));
  EXPECT_THAT(dequantize(make_codes(values, {2, 3}, {1, 10}, {2}, 8, Granularity::per_channel)).to_vector(),
              ElementsAre(1, -2, 3, -40, 50, -60));
  // Groups of two in rows of three: the last group is one column.
  EXPECT_THAT(dequantize(make_codes(values, {2, 3}, {1, 2, 3, 4}, {2, 2}, 8, Granularity::per_group, 2)).to_vector(),
              ElementsAre(1, -2, 6, -12, 15, -24));
}

TEST(Codes, GroupLargerThanTheRowIsOneGroup) {
  const Codes codes = make_codes({1, 2, 3}, {1, 3}, {2}, {1, 1}, 8, Granularity::per_group, 128);
  EXPECT_NO_THROW(validate(codes));
  EXPECT_EQ(codes.groups(), 1);
  EXPECT_THAT(dequantize(codes).to_vector(), ElementsAre(2, 4, 6));
}

TEST(Codes, RefusesWhatIsWrong) {
  EXPECT_THAT(
      [] {
        validate(make_codes({8, 0}, {1, 2}, {1}, {1}, 4, Granularity::per_channel));
      },
      ThrowsMessage<Error>("[codes] expected codes of 4 bits in [-8, 7], got 8 at row 0, column 0"));
  EXPECT_THAT(
      [] {
        validate(make_codes({0, 0}, {1, 2}, {1, 1}, {2}, 4, Granularity::per_channel));
      },
      ThrowsMessage<Error>(HasSubstr("expected per_channel scales of shape (1) in f32, got shape (2)")));
  EXPECT_THAT([] { scales_shape(2, 8, Granularity::per_group, 0); },
              ThrowsMessage<Error>("[quantize] expected a group of at least 1 column, got 0"));
  EXPECT_THAT([] { largest_code(1); }, ThrowsMessage<Error>("[quantize] expected 2 to 8 bits, got 1"));
  EXPECT_THAT([] { largest_code(9); }, ThrowsMessage<Error>("[quantize] expected 2 to 8 bits, got 9"));
}

TEST(Int4Weight, PutsTheEvenColumnInTheLowNibble) {
  const Int4Weight weight(make_codes({1, -1, 7, -7, 3, -2}, {2, 3}, {1, 1}, {2}, 4, Granularity::per_channel));
  // 1 and -1 (15) | 7 and padding | -7 (9) and 3 | -2 (14) and padding
  EXPECT_THAT(weight.nibbles().span<std::uint8_t>(), ElementsAre(0xF1, 0x07, 0x39, 0x0E));
  EXPECT_THAT(weight.codes().codes.span<std::int8_t>(), ElementsAre(1, -1, 7, -7, 3, -2));
}

TEST(Int4Weight, RestoresWhatWasStored) {
  const Int4Weight weight(
      make_codes({1, -1, 7, -7, 3, -2}, {2, 3}, {1, 2, 0.5F, 4}, {2, 2}, 4, Granularity::per_group, 2));
  const Int4Weight restored(weight.nibbles(), weight.scales(), 3, 4, Granularity::per_group, 2);
  EXPECT_THAT(dequantize(restored).to_vector(), ElementsAre(1, -1, 14, -3.5F, 1.5F, -8));
  std::vector<float> row(3);
  restored.dequantize_rows(1, 1, row.data());
  EXPECT_THAT(row, ElementsAre(-3.5F, 1.5F, -8));
}

TEST(Int4Weight, RefusesWhatItCannotStore) {
  EXPECT_THAT(
      [] {
        Int4Weight(make_codes({1}, {1, 1}, {0.1F}, {1}, 4, Granularity::per_channel));
      },
      ThrowsMessage<Error>(HasSubstr("expected scales that FP16 holds exactly, got 0.1 at index 0")));
  EXPECT_THAT(
      [] {
        Int4Weight(make_codes({1}, {1, 1}, {1}, {1}, 8, Granularity::per_channel));
      },
      ThrowsMessage<Error>(HasSubstr("expected codes of at most 4 bits, got 8")));
  EXPECT_THAT(
      [] {
        Int4Weight(Tensor::zeros({1, 2}, DType::u8), Tensor::zeros({1}, DType::f16), 5, 4, Granularity::per_channel, 0);
      },
      ThrowsMessage<Error>(HasSubstr("expected nibbles (R, 3) of u8 for 5 columns, got shape (1, 2)")));
  // A nibble of 8 stands for -8, which is no code of 3 bits.
  EXPECT_THAT(
      [] {
        Int4Weight(Tensor::from<std::uint8_t>({8}, {1, 1}), Tensor::zeros({1}, DType::f16), 1, 3,
                   Granularity::per_channel, 0);
      },
      ThrowsMessage<Error>(HasSubstr("got -8 at row 0, column 0")));
}

Codes with_minimum(Codes codes, const std::vector<float>& minimums) {
  codes.minimums = Tensor::from(minimums, codes.scales.shape());
  return codes;
}

TEST(Codes, WithAMinimumValuesAreCodeTimesScalePlusMinimum) {
  const Codes codes =
      with_minimum(make_codes({0, 15, 3, 7}, {2, 2}, {0.5F, 2}, {2}, 4, Granularity::per_channel), {-1, -8});
  EXPECT_NO_THROW(validate(codes));
  EXPECT_EQ(codes.lowest_code(), 0);
  EXPECT_EQ(codes.highest_code(), 15);
  EXPECT_THAT(dequantize(codes).to_vector(), ElementsAre(-1, 6.5F, -2, 6));
  EXPECT_THAT(
      [] {
        validate(with_minimum(make_codes({-1}, {1, 1}, {1}, {1}, 4, Granularity::per_channel), {0}));
      },
      ThrowsMessage<Error>("[codes] expected codes of 4 bits in [0, 15], got -1 at row 0, column 0"));
  EXPECT_THAT(
      [] {
        validate(with_minimum(make_codes({1}, {1, 1}, {1}, {1}, 8, Granularity::per_channel), {0}));
      },
      ThrowsMessage<Error>(HasSubstr("at most 7 bits for codes with a minimum, got 8")));
  EXPECT_THAT(
      [] {
        Codes bad = make_codes({1, 1}, {2, 1}, {1, 1}, {2}, 4, Granularity::per_channel);
        bad.minimums = Tensor::zeros({1});
        validate(bad);
      },
      ThrowsMessage<Error>(HasSubstr("expected minimums of shape (2) in f32 like the scales, got shape (1)")));
  EXPECT_THAT(
      [] {
        Int8Weight(with_minimum(make_codes({1}, {1, 1}, {1}, {1}, 7, Granularity::per_channel), {0}));
      },
      ThrowsMessage<Error>(HasSubstr("[int8 weight] expected codes on a symmetric grid")));
}

TEST(Int4Weight, StoresUnsignedNibblesWithAMinimum) {
  const Int4Weight weight(
      with_minimum(make_codes({0, 15, 8, 1, 9, 14}, {2, 3}, {0.5F, 2}, {2}, 4, Granularity::per_channel), {-1, 0.25F}));
  EXPECT_THAT(weight.nibbles().span<std::uint8_t>(), ElementsAre(0xF0, 0x08, 0x91, 0x0E));
  EXPECT_EQ(weight.bytes(), 4 + 2 * 2 + 2 * 2);
  EXPECT_EQ(weight.describe(), "int4 per_channel with minimum");
  const Int4Weight restored(weight.nibbles(), weight.scales(), 3, 4, Granularity::per_channel, 0, weight.minimums());
  EXPECT_THAT(dequantize(restored).to_vector(), ElementsAre(-1, 6.5F, 3, 2.25F, 18.25F, 28.25F));
  EXPECT_THAT(dequantize(restored.codes()).to_vector(), testing::ElementsAreArray(dequantize(restored).to_vector()));
  EXPECT_THAT(
      [] {
        Int4Weight(with_minimum(make_codes({1}, {1, 1}, {1}, {1}, 4, Granularity::per_channel), {0.1F}));
      },
      ThrowsMessage<Error>(HasSubstr("expected minimums that FP16 holds exactly, got 0.1 at index 0")));
  EXPECT_THAT(
      [&] { Int4Weight(weight.nibbles(), weight.scales(), 3, 4, Granularity::per_channel, 0, Tensor::zeros({2})); },
      ThrowsMessage<Error>(HasSubstr("expected minimums of f16, got f32")));
}

TEST(HalfWeight, RoundsToNearestEvenAndBack) {
  const Tensor weight = Tensor::from<float>({1.0F, 0.1F, -65504.0F, 1.0F + 0x1p-11F}, {2, 2});
  EXPECT_THAT(dequantize(HalfWeight::quantize(weight, DType::f16)).to_vector(),
              ElementsAre(1.0F, 0.0999755859375F, -65504.0F, 1.0F));
  EXPECT_THAT(dequantize(HalfWeight::quantize(weight, DType::bf16)).to_vector(),
              ElementsAre(1.0F, 0.10009765625F, -65536.0F, 1.0F));
}

TEST(HalfWeight, RefusesWhatIsNotFinite) {
  EXPECT_THAT(
      [] {
        HalfWeight::quantize(Tensor::from<float>({0, 70000}, {1, 2}), DType::f16);
      },
      ThrowsMessage<Error>("[half weight] expected values that are finite in f16, got 70000 at (0, 1)"));
  EXPECT_THAT(
      [] {
        HalfWeight::quantize(Tensor::full({1, 1}, std::numeric_limits<float>::quiet_NaN()), DType::bf16);
      },
      ThrowsMessage<Error>(HasSubstr("got nan at (0, 0)")));
}

// The size formula of each format against the tensors that are written to a file.
TEST(AnyWeight, BytesAreThoseOfTheStoredTensors) {
  for (const std::int64_t group : {1, 3, 32, 100}) {
    const std::int64_t rows = 3, columns = 67;
    const Tensor codes = Tensor::zeros({rows, columns}, DType::i8);
    const Tensor scales = Tensor::full(scales_shape(rows, columns, Granularity::per_group, group), 1.0F);
    const Int8Weight int8({codes, scales, 8, Granularity::per_group, group});
    EXPECT_EQ(int8.bytes(), static_cast<std::int64_t>(codes.bytes() + scales.bytes()));
    const Int4Weight int4({codes, scales, 4, Granularity::per_group, group});
    EXPECT_EQ(int4.bytes(), static_cast<std::int64_t>(int4.nibbles().bytes() + int4.scales().bytes()));
  }
  const HalfWeight half(Tensor::zeros({3, 5}, DType::bf16));
  EXPECT_EQ(half.bytes(), static_cast<std::int64_t>(half.values().bytes()));
}

TEST(AnyWeight, BitsPerWeightCountScales) {
  const Tensor codes = Tensor::zeros({4, 64}, DType::i8);
  const AnyWeight int4 = Int4Weight({codes, Tensor::full({4, 2}, 1.0F), 4, Granularity::per_group, 32});
  EXPECT_EQ(bits_per_weight(int4), 4.5);
  EXPECT_EQ(describe(int4), "int4 per_group 32");
  const AnyWeight int8 = Int8Weight({codes, Tensor::full({4}, 1.0F), 6, Granularity::per_channel, 0});
  EXPECT_EQ(bits_per_weight(int8), 8.5);
  EXPECT_EQ(describe(int8), "int8 per_channel (6-bit codes)");
  const AnyWeight half = HalfWeight(Tensor::zeros({2, 2}, DType::f16));
  EXPECT_EQ(bits_per_weight(half), 16);
  EXPECT_EQ(describe(half), "f16");
  EXPECT_THAT([&] { codes_of(half); },
              ThrowsMessage<Error>("[quantize] expected a format with integer codes, got f16"));
}

}  // namespace
}  // namespace octet::formats_test
