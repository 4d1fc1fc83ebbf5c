#include "tensor/formats/codebook_weight.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tensor/formats/any_weight.h"
#include "tensor/formats/small_floats.h"
#include "tests/support/random_codebook.h"

namespace octet::codebook_weight_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

/// The x with P(normal < x) = p, by bisection of the error function.
double normal_quantile(double p) {
  double low = -10, high = 10;
  for (int i = 0; i < 200; ++i) {
    const double middle = (low + high) / 2;
    (0.5 * std::erfc(-middle / std::sqrt(2.0)) < p ? low : high) = middle;
  }
  return low;
}

TEST(CodebookWeight, Nf4LevelsAreQuantilesOfTheNormalDistribution) {
  const double p = 0.5 * ((1.0 - 1.0 / 30) + (1.0 - 1.0 / 32));
  std::vector<double> levels = {0.0};
  for (int i = 0; i < 8; ++i) {
    levels.push_back(normal_quantile(p + (0.5 - p) * i / 8));
  }
  for (int i = 0; i < 7; ++i) {
    levels.push_back(-normal_quantile(p + (0.5 - p) * i / 7));
  }
  std::sort(levels.begin(), levels.end());
  ASSERT_EQ(levels.size(), kNf4Levels.size());
  for (std::size_t i = 0; i < levels.size(); ++i) {
    EXPECT_NEAR(kNf4Levels[i], levels[i] / levels.back(), 1e-6) << i;
  }
}

TEST(SmallFloats, E8m0IsAPowerOfTwo) {
  EXPECT_EQ(from_e8m0(0), 0x1p-127F);
  EXPECT_EQ(from_e8m0(127), 1.0F);
  EXPECT_EQ(from_e8m0(254), 0x1p127F);
  EXPECT_TRUE(std::isnan(from_e8m0(255)));
}

/// E4M3 by its definition, bit by bit.
double e4m3_by_definition(int byte) {
  const int exponent = byte >> 3 & 15, mantissa = byte & 7;
  const double value =
      exponent == 0 ? mantissa / 8.0 * std::pow(2.0, -6) : (1.0 + mantissa / 8.0) * std::pow(2.0, exponent - 7);
  return byte >= 128 ? -value : value;
}

TEST(SmallFloats, E4m3EqualsItsDefinition) {
  for (int byte = 0; byte < 256; ++byte) {
    const float value = from_e4m3(static_cast<std::uint8_t>(byte));
    if ((byte & 0x7F) == 0x7F) {
      EXPECT_TRUE(std::isnan(value));
    } else {
      EXPECT_EQ(static_cast<double>(value), e4m3_by_definition(byte)) << byte;
      EXPECT_EQ(to_e4m3(value), byte);
    }
  }
}

TEST(SmallFloats, E4m3RoundsToNearestEven) {
  for (int byte = 0; byte < 0x7E; ++byte) {
    const double low = e4m3_by_definition(byte), high = e4m3_by_definition(byte + 1), middle = (low + high) / 2;
    EXPECT_EQ(to_e4m3(static_cast<float>(middle)), byte % 2 == 0 ? byte : byte + 1) << byte;
    EXPECT_EQ(to_e4m3(std::nextafter(static_cast<float>(middle), 0.0F)), byte);
    EXPECT_EQ(to_e4m3(std::nextafter(static_cast<float>(middle), 1000.0F)), byte + 1);
  }
  EXPECT_EQ(to_e4m3(1e30F), 0x7E) << "448, the largest";
  EXPECT_EQ(to_e4m3(-1e30F), 0xFE);
  EXPECT_EQ(to_e4m3(NAN), 0x7F);
}

/// All 16 nibbles in one row, with one scale.
Tensor all_nibbles() {
  return Tensor::from<std::uint8_t>({0x10, 0x32, 0x54, 0x76, 0x98, 0xBA, 0xDC, 0xFE}, {1, 8});
}

/// E2M1 by its definition: a sign, two bits of exponent with bias 1, one of mantissa; exponent 0 is subnormal.
double e2m1_by_definition(int nibble) {
  const int exponent = nibble >> 1 & 3, mantissa = nibble & 1;
  const double value = exponent == 0 ? mantissa / 2.0 : (1.0 + mantissa / 2.0) * std::pow(2.0, exponent - 1);
  return nibble >= 8 ? -value : value;
}

TEST(CodebookWeight, Mxfp4EqualsItsDefinition) {
  for (int byte = 127 + kLowestE8m0; byte <= 127 + kHighestE8m0; ++byte) {
    const Tensor scales = Tensor::from<std::uint8_t>({static_cast<std::uint8_t>(byte)}, {1, 1});
    const Tensor values =
        dequantize(CodebookWeight(Codebook::mxfp4, all_nibbles(), {ScaleCoding::e8m0, scales}, 16, 32));
    for (int nibble = 0; nibble < 16; ++nibble) {
      ASSERT_EQ(static_cast<double>(values.data<float>()[nibble]),
                e2m1_by_definition(nibble) * std::pow(2.0, byte - 127))
          << byte;
    }
  }
}

// Without rounding, whatever the tensor scale: the reason why it is a power of two.
TEST(CodebookWeight, Nvfp4EqualsItsDefinition) {
  for (int exponent = kLowestTensorScale; exponent <= kHighestTensorScale; ++exponent) {
    for (int byte = 1; byte < 0x7F; ++byte) {
      const Tensor scales = Tensor::from<std::uint8_t>({static_cast<std::uint8_t>(byte)}, {1, 1});
      const Tensor tensor_scale = Tensor::full({1}, std::ldexp(1.0F, exponent));
      const Tensor values =
          dequantize(CodebookWeight(Codebook::nvfp4, all_nibbles(), {ScaleCoding::e4m3, scales, tensor_scale}, 16, 16));
      for (int nibble = 0; nibble < 16; ++nibble) {
        ASSERT_EQ(static_cast<double>(values.data<float>()[nibble]),
                  e2m1_by_definition(nibble) * e4m3_by_definition(byte) * std::pow(2.0, exponent))
            << byte << ", 2^" << exponent;
      }
    }
  }
}

TEST(CodebookWeight, DoubleQuantizedScalesEqualTheirDefinition) {
  const std::int64_t rows = 3, blocks = 100;  // 256 scales end within the third row
  BlockScales scales{ScaleCoding::double_quantized, Tensor::empty({rows, blocks}, DType::i8),
                     Tensor::from<float>({0.003F, 0.002F}, {2}), Tensor::full({1}, 0.4F)};
  for (std::int64_t i = 0; i < rows * blocks; ++i) {
    scales.codes.data<std::int8_t>()[i] = static_cast<std::int8_t>(i % 255 - 127);
  }
  const CodebookWeight weight(Codebook::nf4, Tensor::zeros({rows, 50}, DType::u8), scales, 100, 1);
  for (std::int64_t i = 0; i < rows * blocks; ++i) {
    const float expected = 0.4F + static_cast<float>(i % 255 - 127) * (i < 256 ? 0.003F : 0.002F);
    ASSERT_EQ(weight.scales().data<Float16>()[i].bits, to_float16(expected).bits);
    ASSERT_EQ(dequantize(weight).data<float>()[i], -to_float(to_float16(expected))) << "level 0 of nf4 is -1";
  }
  EXPECT_EQ(weight.bytes(), rows * 50 + rows * blocks + 2 * 4 + 4);
  EXPECT_EQ(weight.describe(), "nf4 per_group 1 double quantized");
}

TEST(CodebookWeight, ValueIsLevelTimesTheScaleOfItsBlock) {
  const Tensor nibbles = Tensor::from<std::uint8_t>({0xF0, 0x07, 0x1F, 0x0E}, {2, 2});
  Tensor scales = Tensor::empty({2, 2}, DType::f16);
  for (std::int64_t i = 0; i < 4; ++i) {
    scales.data<Float16>()[i] = to_float16(static_cast<float>(i + 1));
  }
  const BlockScales stored{ScaleCoding::f16, scales};
  const CodebookWeight nf4(Codebook::nf4, nibbles, stored, 3, 2);
  EXPECT_THAT(dequantize(nf4).to_vector(), ElementsAre(-1, 1, 0, 3, kNf4Levels[1] * 3, kNf4Levels[14] * 4));
  EXPECT_EQ(nf4.bytes(), 4 + 4 * 2);
  EXPECT_EQ(describe(AnyWeight(nf4)), "nf4 per_group 2");
  EXPECT_FALSE(has_codes(nf4));
  EXPECT_THAT([&] { codes_of(nf4); },
              ThrowsMessage<Error>("[quantize] expected a format with integer codes, got nf4 per_group 2"));
  const CodebookWeight table4(Codebook::table4, nibbles, stored, 3, 2, default_table4_levels());
  EXPECT_THAT(dequantize(table4).to_vector(), ElementsAre(-127, 113, -20, 339, -312, 356));
  EXPECT_EQ(table4.bytes(), 4 + 4 * 2 + 16);
  EXPECT_EQ(describe(AnyWeight(table4)), "table4 per_group 2");
}

TEST(CodebookWeight, IntegerLevelsAreCodes) {
  const CodebookWeight weight = random_codebook(Codebook::table4, 5, 77, 32);
  ASSERT_TRUE(has_codes(weight));
  const Codes codes = codes_of(weight);
  EXPECT_NO_THROW(validate(codes));
  EXPECT_EQ(dequantize(codes).to_vector(), dequantize(weight).to_vector());
}

TEST(CodebookWeight, BitsPerWeight) {
  EXPECT_EQ(bits_per_weight(random_codebook(Codebook::nf4, 4, 64, 64)), 4.25);
  EXPECT_EQ(bits_per_weight(random_codebook(Codebook::mxfp4, 4, 64, 32)), 4.25);
  EXPECT_EQ(bits_per_weight(random_codebook(Codebook::nvfp4, 4, 64, 16)), 4.5 + 32.0 / 256) << "the tensor scale";
  EXPECT_EQ(bits_per_weight(random_codebook(Codebook::table4, 4, 64, 32)), 4.5 + 128.0 / 256) << "the levels";
}

TEST(CodebookWeight, RefusesWhatDoesNotFit) {
  const auto refuses = [](Codebook codebook, const BlockScales& scales, std::int64_t columns, std::int64_t block,
                          const Tensor& levels, const std::string& message) {
    EXPECT_THAT(([&] { CodebookWeight(codebook, all_nibbles(), scales, columns, block, levels); }),
                ThrowsMessage<Error>(HasSubstr(message)));
  };
  const auto byte = [](int value, const Shape& shape) {
    Tensor bytes = Tensor::zeros(shape, DType::u8);
    bytes.data<std::uint8_t>()[0] = static_cast<std::uint8_t>(value);
    return bytes;
  };
  const auto half = [](float value) {
    return BlockScales{ScaleCoding::f16, to_half_exactly(Tensor::full({1, 1}, value), "test", "scales")};
  };
  const BlockScales one = half(1.0F);
  refuses(Codebook::nf4, one, 18, 64, {}, "[codebook weight] expected nibbles (R, 9) of u8 for 18 columns");
  refuses(Codebook::nf4, one, 16, 8, {}, "[scales] expected scales of shape (1, 2) in f16, got shape (1, 1) of f16");
  refuses(Codebook::nf4, one, 16, 0, {}, "a group of at least 1 column, got 0");
  refuses(Codebook::nf4, half(0.0F), 16, 64, {}, "expected scales other than 0 for nf4, got 0");
  refuses(Codebook::table4, half(INFINITY), 16, 64, default_table4_levels(), "expected finite scales, got inf");
  EXPECT_NO_THROW(CodebookWeight(Codebook::table4, all_nibbles(), half(0.0F), 16, 64, default_table4_levels()));
  // Blocks and codings.
  refuses(Codebook::mxfp4, {ScaleCoding::e8m0, byte(127, {1, 1})}, 16, 16, {},
          "expected blocks of 32 for mxfp4, got 16");
  refuses(Codebook::nvfp4, {ScaleCoding::e8m0, byte(127, {1, 1})}, 16, 16, {},
          "expected another coding of scales for nvfp4 than e8m0");
  refuses(Codebook::mxfp4, {ScaleCoding::e8m0, byte(102, {1, 1})}, 16, 32, {}, "from 103 (2^-24) to 142 (2^15)");
  refuses(Codebook::mxfp4, {ScaleCoding::e8m0, byte(143, {1, 1})}, 16, 32, {}, "which FP16 holds, got 143");
  refuses(Codebook::mxfp4, {ScaleCoding::e8m0, half(1).codes}, 16, 32, {}, "of shape (1, 1) in u8");
  const Tensor unit = Tensor::full({1}, 1.0F);
  refuses(Codebook::nvfp4, {ScaleCoding::e4m3, byte(0, {1, 1}), unit}, 16, 16, {}, "from 1 to 126, got 0");
  refuses(Codebook::nvfp4, {ScaleCoding::e4m3, byte(127, {1, 1}), unit}, 16, 16, {}, "from 1 to 126, got 127");
  refuses(Codebook::nvfp4, {ScaleCoding::e4m3, byte(1, {1, 1})}, 16, 16, {},
          "the tensor scale of shape (1) in f32, got none");
  for (const float wrong : {3.0F, 0.0F, -1.0F, 256.0F, 0x1p-16F, NAN, INFINITY}) {
    refuses(Codebook::nvfp4, {ScaleCoding::e4m3, byte(1, {1, 1}), Tensor::full({1}, wrong)}, 16, 16, {},
            "expected a power of two from 2^-15 to 2^7 as the tensor scale");
  }
  // Double quantization: -128, and a scale that is not positive.
  const auto twice = [&](int code) {
    return BlockScales{ScaleCoding::double_quantized,
                       Tensor::from<std::int8_t>({static_cast<std::int8_t>(code)}, {1, 1}), Tensor::full({1}, 0.5F),
                       Tensor::full({1}, 1.0F)};
  };
  refuses(Codebook::nf4, twice(-2), 16, 64, {}, "got code -2 of the scale 0");
  refuses(Codebook::nf4, twice(-128), 16, 64, {}, "expected codes from -127");
  // Levels.
  refuses(Codebook::nf4, one, 16, 64, default_table4_levels(), "expected levels for table4 alone, got some for nf4");
  refuses(Codebook::table4, one, 16, 64, {}, "expected 16 levels of i8 for table4, got none");
  Tensor levels = default_table4_levels();
  levels.data<std::int8_t>()[3] = -83;
  levels.data<std::int8_t>()[2] = -83;
  refuses(Codebook::table4, one, 16, 64, levels, "expected ascending levels from -127 on, got -127 -104 -83 -83");
  levels = default_table4_levels();
  levels.data<std::int8_t>()[0] = -128;
  refuses(Codebook::table4, one, 16, 64, levels, "expected ascending levels from -127 on, got -128");
}

}  // namespace
}  // namespace octet::codebook_weight_test
