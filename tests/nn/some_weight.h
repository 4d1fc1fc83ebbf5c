#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "tensor/formats/any_weight.h"
#include "tensor/formats/nibbles.h"
#include "tests/support/random_codebook.h"
#include "tests/support/random_trellis.h"

namespace octet {

inline constexpr int kFormats = 12;

/// int8, int4, nf4, bf16, int4 with a minimum, table4, mxfp4, nvfp4, nf4 with double quantization, fp8, entropy,
/// trellis.
inline AnyWeight some_weight(const Shape& shape, int format) {
  if (format == 11) {
    return random_trellis(3, shape[0], shape[1]);
  }
  if (format == 10) {
    Codes codes{Tensor::zeros(shape, DType::i8), Tensor::full({1}, 0.25F), 8, Granularity::per_tensor};
    std::vector<std::int8_t> multiples;
    for (std::int64_t c = 0; c < shape[1]; ++c) {
      multiples.push_back(static_cast<std::int8_t>(1 + c % 2));
      for (std::int64_t row = 0; row < shape[0]; ++row) {
        codes.codes.data<std::int8_t>()[row * shape[1] + c] =
            static_cast<std::int8_t>((row * c % 9 - 4) * multiples.back());
      }
    }
    return EntropyWeight(codes, multiples);
  }
  if (format == 9) {
    Tensor codes = Tensor::zeros(shape, DType::u8), exponents = Tensor::zeros({shape[0]}, DType::u8);
    for (std::int64_t i = 0; i < codes.elements(); ++i) {
      codes.data<std::uint8_t>()[i] = static_cast<std::uint8_t>(i % 127);
    }
    std::fill_n(exponents.data<std::uint8_t>(), shape[0], std::uint8_t{119});  // 2^-8
    return Fp8Weight(codes, exponents);
  }
  if (format >= 5 && format < 8) {
    constexpr Codebook kCodebooks[] = {Codebook::table4, Codebook::mxfp4, Codebook::nvfp4};
    return random_codebook(kCodebooks[format - 5], shape[0], shape[1], 5);
  }
  if (format == 8) {
    const CodebookWeight plain = random_codebook(Codebook::nf4, shape[0], shape[1], 5);
    const std::int64_t scales = plain.scales().elements();
    BlockScales twice{ScaleCoding::double_quantized, Tensor::zeros(plain.scales().shape(), DType::i8),
                      Tensor::full({(scales + kCodesPerStep - 1) / kCodesPerStep}, 0.001F), Tensor::full({1}, 0.25F)};
    for (std::int64_t i = 0; i < scales; ++i) {
      twice.codes.data<std::int8_t>()[i] = static_cast<std::int8_t>(i % 200 - 100);
    }
    return CodebookWeight(Codebook::nf4, plain.nibbles(), twice, shape[1], 5);
  }
  if (format == 3) {
    return HalfWeight(Tensor::zeros(shape, DType::bf16));
  }
  const Shape scales = scales_shape(shape[0], shape[1], Granularity::per_group, 5);
  if (format == 2) {
    Tensor nibbles = Tensor::zeros({shape[0], (shape[1] + 1) / 2}, DType::u8);
    for (std::int64_t i = 0; i < nibbles.elements(); ++i) {
      nibbles.data<std::uint8_t>()[i] = static_cast<std::uint8_t>(37 * i);
    }
    const Tensor half = to_half_exactly(Tensor::full(scales, 0.125F), "test", "scales");
    return CodebookWeight(Codebook::nf4, nibbles, {ScaleCoding::f16, half}, shape[1], 5);
  }
  Codes codes{Tensor::zeros(shape, DType::i8), {}, format == 0 ? 8 : 4, Granularity::per_group, 5};
  const int lowest = format == 4 ? 0 : -7;
  for (std::int64_t i = 0; i < codes.codes.elements(); ++i) {
    codes.codes.data<std::int8_t>()[i] = static_cast<std::int8_t>(i % 15 + lowest);
  }
  codes.scales = Tensor::full(scales, 0.125F);
  if (format == 4) {
    codes.minimums = Tensor::full(scales, -0.75F);
  }
  return format == 0 ? AnyWeight(Int8Weight(codes)) : AnyWeight(Int4Weight(codes));
}

}  // namespace octet
