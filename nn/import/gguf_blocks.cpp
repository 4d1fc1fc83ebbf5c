#include "nn/import/gguf_blocks.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "base/error.h"
#include "base/parallel.h"
#include "tensor/formats/nibbles.h"
#include "tensor/half.h"

namespace octet {
namespace {

constexpr std::int64_t kBlock = 32;  // values of a block of all types here

Float16 f16_at(const std::uint8_t* at) {
  Float16 value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

void put_f16(Float16 value, std::uint8_t* at) {
  std::memcpy(at, &value, sizeof value);
}

/// Nibble j of a block of 32: byte j holds that of value j in its low half, of value j + 16 in its high one.
int nibble_of(const std::uint8_t* nibbles, std::int64_t j) {
  return j < 16 ? nibbles[j] & 15 : nibbles[j - 16] >> 4;
}

void put_nibbles(const std::int8_t* codes, int offset, std::uint8_t* nibbles) {
  for (std::int64_t j = 0; j < 16; ++j) {
    nibbles[j] = static_cast<std::uint8_t>(((codes[j] + offset) & 15) | ((codes[j + 16] + offset) & 15) << 4);
  }
}

/// The codes of a matrix in groups of 32, to be filled block by block.
Codes empty_codes(const BlockRows& from, int bits) {
  return {Tensor::empty({from.rows, from.columns}, DType::i8), Tensor::empty({from.rows, from.columns / kBlock}), bits,
          Granularity::per_group, kBlock};
}

/// Calls body(i, block) for block i of all, on several threads.
template <typename Body>
void for_each_block(const BlockRows& blocks, const Body& body) {
  constexpr std::int64_t kGrain = 1024;
  parallel_for(blocks.rows * blocks.columns / kBlock, kGrain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) body(i, blocks.bytes.data() + i * blocks.type->bytes);
  });
}

/// True where all scales (and minimums) at `place` of the blocks are finite.
bool has_finite(const BlockRows& blocks, std::int64_t place) {
  for (std::size_t i = 0; i < blocks.bytes.size(); i += static_cast<std::size_t>(blocks.type->bytes)) {
    if (!std::isfinite(to_float(f16_at(blocks.bytes.data() + i + place)))) return false;
  }
  return true;
}

template <typename T>
bool all_finite(const Tensor& values) {
  const std::span<const T> all = values.span<T>();
  return std::all_of(all.begin(), all.end(), [](T value) { return std::isfinite(to_float(value)); });
}

/// Codes of Q4_0, Q4_1 and Q8_0: code(block, j) of value j.
template <typename Code>
Codes read_codes(const BlockRows& from, int bits, const Code& code) {
  Codes codes = empty_codes(from, bits);
  for_each_block(from, [&](std::int64_t i, const std::uint8_t* block) {
    const float scale = to_float(f16_at(block));
    codes.scales.data<float>()[i] = scale == 0.0F ? 1.0F : scale;
    std::int8_t* to = codes.codes.data<std::int8_t>() + i * kBlock;
    for (std::int64_t j = 0; j < kBlock; ++j) {
      to[j] = scale == 0.0F ? std::int8_t{0} : static_cast<std::int8_t>(code(block, j));
    }
  });
  return codes;
}

AnyWeight read_q4_0(const BlockRows& from) {
  return Int4Weight(
      read_codes(from, 4, [](const std::uint8_t* block, std::int64_t j) { return nibble_of(block + 2, j) - 8; }));
}

AnyWeight read_q4_1(const BlockRows& from) {
  Codes codes = read_codes(from, 4, [](const std::uint8_t* block, std::int64_t j) { return nibble_of(block + 4, j); });
  codes.minimums = Tensor::empty(codes.scales.shape());
  for_each_block(from, [&](std::int64_t i, const std::uint8_t* block) {
    codes.minimums.data<float>()[i] = to_float(f16_at(block + 2));
  });
  return Int4Weight(codes);
}

std::optional<AnyWeight> read_q8_0(const BlockRows& from) {
  Codes codes = read_codes(
      from, 8, [](const std::uint8_t* block, std::int64_t j) { return static_cast<std::int8_t>(block[2 + j]); });
  const std::span<const std::int8_t> values = codes.codes.span<std::int8_t>();
  if (std::find(values.begin(), values.end(), std::int8_t{-128}) != values.end()) return std::nullopt;
  return Int8Weight(std::move(codes));
}

Tensor read_nibbles(const BlockRows& from, std::int64_t place) {
  const Tensor codes = Tensor::empty({from.rows, from.columns}, DType::i8);
  for_each_block(from, [&](std::int64_t i, const std::uint8_t* block) {
    std::int8_t* to = codes.data<std::int8_t>() + i * kBlock;
    for (std::int64_t j = 0; j < kBlock; ++j) to[j] = static_cast<std::int8_t>(nibble_of(block + place, j));
  });
  return pack_nibbles(codes);
}

AnyWeight read_iq4_nl(const BlockRows& from) {
  Tensor scales = Tensor::empty({from.rows, from.columns / kBlock}, DType::f16);
  for_each_block(from, [&](std::int64_t i, const std::uint8_t* block) { scales.data<Float16>()[i] = f16_at(block); });
  return CodebookWeight(Codebook::table4, read_nibbles(from, 2), {ScaleCoding::f16, scales}, from.columns, kBlock,
                        default_table4_levels());
}

std::optional<AnyWeight> read_mxfp4(const BlockRows& from) {
  constexpr int kBias = 127;  // of E8M0
  Tensor scales = Tensor::empty({from.rows, from.columns / kBlock}, DType::u8);
  for (std::int64_t i = 0; i < scales.elements(); ++i) {
    const std::uint8_t scale = from.bytes[static_cast<std::size_t>(i * from.type->bytes)];
    if (scale < kBias + kLowestE8m0 || scale > kBias + kHighestE8m0) return std::nullopt;
    scales.data<std::uint8_t>()[i] = scale;
  }
  return CodebookWeight(Codebook::mxfp4, read_nibbles(from, 1), {ScaleCoding::e8m0, scales}, from.columns, kBlock);
}

std::optional<AnyWeight> read_half(const BlockRows& from, DType dtype) {
  Tensor values = Tensor::empty({from.rows, from.columns}, dtype);
  std::memcpy(values.raw_data(), from.bytes.data(), from.bytes.size());
  const bool finite = dtype == DType::f16 ? all_finite<Float16>(values) : all_finite<BFloat16>(values);
  return finite ? std::optional<AnyWeight>(HalfWeight(std::move(values))) : std::nullopt;
}

BlockRows empty_blocks(const AnyWeight& weight, const GgufType& type) {
  BlockRows blocks{&type, rows(weight), columns(weight), {}};
  blocks.bytes.resize(static_cast<std::size_t>(blocks.rows * blocks.row_bytes()));
  return blocks;
}

/// True where each block of 32 has one scale of the weight.
bool fits_blocks(std::int64_t columns, std::int64_t columns_per_scale) {
  return columns % kBlock == 0 && (columns_per_scale >= columns || columns_per_scale % kBlock == 0);
}

/// The FP16 number nearest to `value`; nothing where it is further than rounding to 11 bits takes it.
std::optional<Float16> near_half(float value) {
  constexpr float kRounding = 0x1p-11F;
  const Float16 half = to_float16(value);
  const bool near = std::abs(to_float(half) - value) <= kRounding * std::abs(value);
  return near ? std::optional(half) : std::nullopt;
}

/// What the encoder of the type gives to zeros: a positive or a negative one.
Float16 scale_of_zeros(const GgufType& type) {
  const std::array<float, kBlock> zeros{};
  std::array<std::uint8_t, 64> block{};
  type.encode(zeros.data(), 1, block.data());
  return f16_at(block.data());
}

/// Blocks with a scale, perhaps a minimum, and codes, which put(codes, block) writes.
template <typename Put>
std::optional<BlockRows> write_codes(const AnyWeight& weight, const Codes& codes, const GgufType& type,
                                     const Put& put) {
  if (!fits_blocks(codes.columns(), codes.columns_per_scale())) return std::nullopt;
  const Float16 zero = scale_of_zeros(type);
  BlockRows blocks = empty_blocks(weight, type);
  const std::int64_t per_row = blocks.columns / kBlock, run = codes.columns_per_scale();
  std::uint8_t* block = blocks.bytes.data();
  const std::int8_t* code = codes.codes.data<std::int8_t>();
  for (std::int64_t i = 0; i < blocks.rows * per_row; ++i, block += type.bytes, code += kBlock) {
    const std::int64_t row = i / per_row, group = i % per_row * kBlock / run;
    const auto scale = near_half(codes.scale(row, group)), minimum = near_half(codes.minimum(row, group));
    if (!scale || !minimum) return std::nullopt;
    const bool is_zero = std::all_of(code, code + kBlock, [](std::int8_t c) { return c == 0; });
    put_f16(is_zero ? zero : *scale, block);
    if (!codes.is_symmetric()) put_f16(*minimum, block + 2);
    put(code, block);
  }
  return blocks;
}

std::optional<BlockRows> write_q4(const AnyWeight& weight, const GgufType& type, bool symmetric) {
  if (!has_codes(weight)) return std::nullopt;
  const Codes codes = codes_of(weight);
  const int offset = symmetric ? 8 : 0, place = symmetric ? 2 : 4;
  const std::span<const std::int8_t> values = codes.codes.span<std::int8_t>();
  const auto fits = [&](std::int8_t code) { return code + offset >= 0 && code + offset <= 15; };
  if (codes.is_symmetric() != symmetric || !std::all_of(values.begin(), values.end(), fits)) return std::nullopt;
  return write_codes(weight, codes, type,
                     [&](const std::int8_t* code, std::uint8_t* block) { put_nibbles(code, offset, block + place); });
}

std::optional<BlockRows> write_q8_0(const AnyWeight& weight, const GgufType& type) {
  if (!has_codes(weight)) return std::nullopt;
  const Codes codes = codes_of(weight);
  if (!codes.is_symmetric()) return std::nullopt;
  return write_codes(weight, codes, type,
                     [](const std::int8_t* code, std::uint8_t* block) { std::memcpy(block + 2, code, kBlock); });
}

/// IQ4_NL and MXFP4: `scale_bytes` of a scale, then nibbles.
std::optional<BlockRows> write_codebook(const AnyWeight& weight, const GgufType& type, Codebook codebook,
                                        std::int64_t scale_bytes) {
  const auto* stored = std::get_if<CodebookWeight>(&weight);
  if (stored == nullptr || stored->codebook() != codebook) return std::nullopt;
  if (!fits_blocks(stored->columns(), std::min(stored->block(), stored->columns()))) return std::nullopt;
  if (codebook == Codebook::table4 &&
      !std::equal(kTable4Levels.begin(), kTable4Levels.end(), stored->integer_levels().data<std::int8_t>())) {
    return std::nullopt;
  }
  BlockRows blocks = empty_blocks(weight, type);
  const Tensor& scales = stored->stored_scales().codes;
  const auto* scale = static_cast<const std::uint8_t*>(scales.raw_data());
  const std::int64_t per_row = blocks.columns / kBlock, run = std::min(stored->block(), stored->columns());
  std::uint8_t* block = blocks.bytes.data();
  for (std::int64_t row = 0; row < blocks.rows; ++row) {
    const std::uint8_t* nibbles = stored->nibbles().data<std::uint8_t>() + row * stored->nibbles().dim(1);
    for (std::int64_t b = 0; b < per_row; ++b, block += type.bytes) {
      std::memcpy(block, scale + (row * scales.dim(1) + b * kBlock / run) * scale_bytes,
                  static_cast<std::size_t>(scale_bytes));
      std::array<std::int8_t, kBlock> codes{};
      for (std::int64_t j = 0; j < kBlock; ++j) {
        codes[static_cast<std::size_t>(j)] = static_cast<std::int8_t>(nibble_at(nibbles, b * kBlock + j));
      }
      put_nibbles(codes.data(), 0, block + scale_bytes);
    }
  }
  return blocks;
}

std::optional<BlockRows> write_half(const AnyWeight& weight, const GgufType& type, DType dtype) {
  const auto* half = std::get_if<HalfWeight>(&weight);
  if (half == nullptr || half->values().dtype() != dtype) return std::nullopt;
  BlockRows blocks = empty_blocks(weight, type);
  std::memcpy(blocks.bytes.data(), half->values().raw_data(), blocks.bytes.size());
  return blocks;
}

}  // namespace

std::optional<AnyWeight> weight_of_blocks(const BlockRows& blocks) {
  const std::string_view type = blocks.type->name;
  if (!has_format(*blocks.type)) return std::nullopt;
  if (type == "F16") return read_half(blocks, DType::f16);
  if (type == "BF16") return read_half(blocks, DType::bf16);
  if (type == "MXFP4") return read_mxfp4(blocks);
  if (!has_finite(blocks, 0) || (type == "Q4_1" && !has_finite(blocks, 2))) return std::nullopt;
  if (type == "Q4_0") return read_q4_0(blocks);
  if (type == "Q4_1") return read_q4_1(blocks);
  if (type == "Q8_0") return read_q8_0(blocks);
  return read_iq4_nl(blocks);
}

bool has_format(const GgufType& type) {
  constexpr std::array<std::string_view, 7> kTypes = {"Q4_0", "Q4_1", "Q8_0", "IQ4_NL", "MXFP4", "F16", "BF16"};
  return std::find(kTypes.begin(), kTypes.end(), type.name) != kTypes.end();
}

std::optional<BlockRows> blocks_of_weight(const AnyWeight& weight, const GgufType& type) {
  if (type.name == "Q4_0") return write_q4(weight, type, true);
  if (type.name == "Q4_1") return write_q4(weight, type, false);
  if (type.name == "Q8_0") return write_q8_0(weight, type);
  if (type.name == "IQ4_NL") return write_codebook(weight, type, Codebook::table4, 2);
  if (type.name == "MXFP4") return write_codebook(weight, type, Codebook::mxfp4, 1);
  if (type.name == "F16") return write_half(weight, type, DType::f16);
  if (type.name == "BF16") return write_half(weight, type, DType::bf16);
  return std::nullopt;
}

BlockRows blocks_of_values(const Tensor& values, const GgufType& type) {
  constexpr std::int64_t kGrain = 256;
  check(type.encode != nullptr, "[gguf] expected a type that is made from values ({}), got {}", writable_gguf_types(),
        type.name);
  BlockRows blocks{&type, values.dim(0), values.dim(1), {}};
  blocks.bytes.resize(static_cast<std::size_t>(blocks.rows * blocks.row_bytes()));
  const float* from = values.data<float>();
  parallel_for(values.elements() / type.values, kGrain, [&](std::int64_t begin, std::int64_t end) {
    type.encode(from + begin * type.values, end - begin, blocks.bytes.data() + begin * type.bytes);
  });
  return blocks;
}

Tensor values_of_blocks(const BlockRows& blocks) {
  constexpr std::int64_t kGrain = 1024;
  Tensor values = Tensor::empty({blocks.rows, blocks.columns});
  float* to = values.data<float>();
  parallel_for(values.elements() / blocks.type->values, kGrain, [&](std::int64_t begin, std::int64_t end) {
    blocks.type->decode(blocks.bytes.data() + begin * blocks.type->bytes, end - begin,
                        to + begin * blocks.type->values);
  });
  return values;
}

}  // namespace octet
