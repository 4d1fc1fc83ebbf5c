#include "nn/import/gguf_blocks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/safetensors.h"
#include "tensor/formats/nibbles.h"
#include "tensor/half.h"
#include "tests/support/random_codebook.h"

namespace octet::gguf_blocks_test {
namespace {

const GgufType& type(std::string_view name) {
  return *find_gguf_type(name);
}

/// Random blocks of the package `gguf` as a matrix of three rows.
BlockRows golden_blocks(const std::string& name) {
  static const auto file = SafetensorsFile::read(OCTET_SOURCE_DIR "/tests/golden/import/gguf_blocks.safetensors");
  const std::span<const std::uint8_t> bytes = file.at("bytes/" + name).span<std::uint8_t>();
  return {&type(name), 3, type(name).values, {bytes.begin(), bytes.end()}};
}

/// Normal numbers with a block of zeros and one that is constant.
Tensor some_values(std::int64_t rows, std::int64_t columns) {
  Tensor values = Tensor::empty({rows, columns});
  const Random random(3);
  for (std::int64_t i = 0; i < values.elements(); ++i) {
    values.data<float>()[i] = i < 32 ? 0.0F : i < 64 ? 0.5F : random.normal(static_cast<std::uint64_t>(i));
  }
  return values;
}

/// Codes with scales that FP16 holds.
Codes some_codes(std::int64_t rows, std::int64_t columns, int bits, Granularity granularity, std::int64_t group,
                 bool with_minimum = false) {
  Codes codes{Tensor::empty({rows, columns}, DType::i8), Tensor::empty(scales_shape(rows, columns, granularity, group)),
              bits, granularity, group};
  if (with_minimum) codes.minimums = Tensor::full(codes.scales.shape(), -0.25F);
  const Random random(4);
  const auto count = static_cast<std::uint64_t>(codes.highest_code() - codes.lowest_code() + 1);
  for (std::int64_t i = 0; i < codes.codes.elements(); ++i) {
    codes.codes.data<std::int8_t>()[i] = static_cast<std::int8_t>(
        codes.lowest_code() + static_cast<int>(random.below(static_cast<std::uint64_t>(i), count)));
  }
  for (std::int64_t i = 0; i < codes.scales.elements(); ++i) {
    codes.scales.data<float>()[i] = static_cast<float>(i % 7 + 1) * (i % 2 == 0 ? 0x1p-9F : -0x1p-9F);
  }
  return codes;
}

TEST(GgufBlocks, ValuesAndBytesOfIntegerTypesStay) {
  for (const char* name : {"Q4_0", "Q4_1", "Q8_0", "IQ4_NL", "MXFP4"}) {
    SCOPED_TRACE(name);
    BlockRows blocks = golden_blocks(name);
    if (blocks.type->name == "MXFP4") {  // the others of the golden file have scales that FP16 does not hold
      for (std::size_t i = 0; i < 3; ++i) blocks.bytes[17 * i] = static_cast<std::uint8_t>(103 + 19 * i);
    }
    if (blocks.type->name == "Q8_0") std::replace(blocks.bytes.begin(), blocks.bytes.end(), 0x80, 0x81);
    const std::optional<AnyWeight> weight = weight_of_blocks(blocks);
    ASSERT_TRUE(weight);
    EXPECT_EQ(dequantize(*weight).to_vector(), values_of_blocks(blocks).to_vector());
    const std::optional<BlockRows> back = blocks_of_weight(*weight, *blocks.type);
    ASSERT_TRUE(back);
    EXPECT_EQ(back->bytes, blocks.bytes);
  }
}

TEST(GgufBlocks, BlocksOfZerosAndConstantsComeBackAsTheyWere) {
  for (const char* name : {"Q4_0", "Q4_1", "Q8_0", "IQ4_NL"}) {
    SCOPED_TRACE(name);
    const BlockRows blocks = blocks_of_values(some_values(3, 96), type(name));
    const std::optional<AnyWeight> weight = weight_of_blocks(blocks);
    ASSERT_TRUE(weight);
    EXPECT_EQ(dequantize(*weight).to_vector(), values_of_blocks(blocks).to_vector());
    EXPECT_EQ(blocks_of_weight(*weight, type(name))->bytes, blocks.bytes);
  }
}

TEST(GgufBlocks, CodesOfAScaleOfZeroDoNotMatter) {
  BlockRows blocks = golden_blocks("Q4_0");
  blocks.bytes[0] = blocks.bytes[1] = 0;
  EXPECT_EQ(dequantize(*weight_of_blocks(blocks)).to_vector(), values_of_blocks(blocks).to_vector());
}

TEST(GgufBlocks, HalvesStayWhereTheyAreFinite) {
  for (const char* name : {"F16", "BF16"}) {
    BlockRows blocks = blocks_of_values(some_values(3, 96), type(name));
    const std::optional<AnyWeight> weight = weight_of_blocks(blocks);
    ASSERT_TRUE(weight);
    EXPECT_EQ(dequantize(*weight).to_vector(), values_of_blocks(blocks).to_vector());
    EXPECT_EQ(blocks_of_weight(*weight, type(name))->bytes, blocks.bytes);
    blocks.bytes[8] = 0x80;
    blocks.bytes[9] = 0x7f;  // infinity of BF16, NaN of F16
    EXPECT_FALSE(weight_of_blocks(blocks));
  }
}

TEST(GgufBlocks, WhatNoIntegerFormatHoldsIsLeftToOthers) {
  BlockRows blocks = golden_blocks("Q8_0");
  blocks.bytes[2] = 0x80;  // -128
  EXPECT_FALSE(weight_of_blocks(blocks));
  EXPECT_FALSE(weight_of_blocks(golden_blocks("MXFP4")));  // a scale of 2^-127
  EXPECT_FALSE(weight_of_blocks(golden_blocks("Q5_0")));
  blocks = golden_blocks("Q4_1");
  blocks.bytes[3] = 0x7c;  // a minimum of infinity
  EXPECT_FALSE(weight_of_blocks(blocks));
}

TEST(GgufBlocks, CodesFitWhereEachBlockHasOneScale) {
  struct Case {
    AnyWeight weight;
    const char* type;
    bool fits;
  };
  const auto int4 = [](std::int64_t columns, int bits, std::int64_t group, bool with_minimum = false) {
    return Int4Weight(some_codes(5, columns, bits, Granularity::per_group, group, with_minimum));
  };
  const std::vector<Case> cases = {
      {int4(96, 4, 32), "Q4_0", true},
      {int4(96, 4, 64), "Q4_0", true},
      {int4(96, 3, 96), "Q4_0", true},
      {Int4Weight(some_codes(5, 96, 4, Granularity::per_tensor, 0)), "Q4_0", true},
      {int4(96, 4, 32), "Q8_0", true},
      {int4(96, 4, 32, true), "Q4_1", true},
      {int4(96, 4, 32, true), "Q4_0", false},
      {int4(96, 4, 32), "Q4_1", false},
      {int4(96, 4, 48), "Q4_0", false},
      {int4(96, 4, 16), "Q4_0", false},
      {int4(48, 4, 32), "Q4_0", false},
      {Int8Weight(some_codes(5, 96, 8, Granularity::per_channel, 0)), "Q8_0", true},
      {Int8Weight(some_codes(5, 96, 8, Granularity::per_channel, 0)), "Q4_0", false},
      {Int8Weight(some_codes(5, 96, 4, Granularity::per_channel, 0)), "Q4_0", true},
      {random_codebook(Codebook::table4, 5, 96, 64), "IQ4_NL", true},
      {random_codebook(Codebook::table4, 5, 96, 64), "Q8_0", true},
      {random_codebook(Codebook::table4, 5, 96, 16), "IQ4_NL", false},
      {random_codebook(Codebook::mxfp4, 5, 96, 32), "MXFP4", true},
      {random_codebook(Codebook::nvfp4, 5, 96, 16), "Q8_0", false},
      {random_codebook(Codebook::nf4, 5, 96, 32), "Q8_0", false},
      {HalfWeight::quantize(some_values(5, 96), DType::f16), "F16", true},
      {HalfWeight::quantize(some_values(5, 96), DType::bf16), "BF16", true},
      {HalfWeight::quantize(some_values(5, 96), DType::bf16), "F16", false},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(describe(c.weight) + " as " + c.type);
    const std::optional<BlockRows> blocks = blocks_of_weight(c.weight, type(c.type));
    ASSERT_EQ(blocks.has_value(), c.fits);
    if (!blocks) continue;
    EXPECT_EQ(values_of_blocks(*blocks).to_vector(), dequantize(c.weight).to_vector());
  }
}

TEST(GgufBlocks, ScalesOfInt8AreRoundedWhereFp16HoldsThem) {
  Codes codes = some_codes(2, 32, 8, Granularity::per_channel, 0);
  codes.scales.data<float>()[0] = 0.001234567F;
  const auto blocks = blocks_of_weight(Int8Weight(codes), type("Q8_0"));
  ASSERT_TRUE(blocks);
  const std::vector<float> found = values_of_blocks(*blocks).to_vector(), expected = dequantize(codes).to_vector();
  for (std::size_t i = 0; i < found.size(); ++i)
    EXPECT_LE(std::abs(found[i] - expected[i]), std::abs(expected[i]) / 2048);
  codes.scales.data<float>()[0] = 1e-6F;  // among the subnormal numbers of FP16, 1.7 % too much
  EXPECT_FALSE(blocks_of_weight(Int8Weight(codes), type("Q8_0")));
}

}  // namespace
}  // namespace octet::gguf_blocks_test
