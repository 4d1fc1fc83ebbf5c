#pragma once

#include "base/config/field.h"
#include "tensor/tensor.h"

namespace octet {

/// How the scales of blocks are stored.
///   f16                two bytes each
///   double_quantized   QLoRA's double quantization: one byte each, a code in [-127, 127], and
///                          scale = mean + code * step
///                      with one FP32 step for 256 codes in a row and one FP32 mean for the matrix. With blocks of 64,
///                      8 / 64 + 32 / (64 * 256) = 0.127 bits per weight in place of 0.25. Source: Dettmers et al.
///                      2023, "QLoRA", https://arxiv.org/abs/2305.14314, section 3 (with linear codes in place of
///                      8-bit floats).
///   e8m0               one byte each, a power of two (OCP MX v1.0). FP16 holds 2^-24 to 2^15 exactly; the bytes of
///                      other powers are refused.
///   e4m3               one byte each, a positive E4M3 number, times one FP32 tensor scale of the matrix. The tensor
///                      scale is a power of two from 2^-15 to 2^7: then each product has the four significant bits of
///                      its E4M3 number and lies between 2^-24 and 57,344, so FP16 holds it exactly.
enum class ScaleCoding { f16, double_quantized, e8m0, e4m3 };

template <>
inline constexpr auto enum_names<ScaleCoding> = std::to_array<EnumName<ScaleCoding>>({{ScaleCoding::f16, "f16"},
                                                                                      {ScaleCoding::double_quantized,
                                                                                       "double_quantized"},
                                                                                      {ScaleCoding::e8m0, "e8m0"},
                                                                                      {ScaleCoding::e4m3, "e4m3"}});

/// Codes that share a step of double quantization.
inline constexpr std::int64_t kCodesPerStep = 256;
/// Powers of two that FP16 holds, its subnormal numbers included: the scales of e8m0.
inline constexpr int kLowestE8m0 = -24, kHighestE8m0 = 15;
/// Exponents of the tensor scale beside e4m3.
inline constexpr int kLowestTensorScale = -15, kHighestTensorScale = 7;

/// The scales of a matrix of R rows in blocks, as files hold them.
struct BlockScales {
  ScaleCoding coding = ScaleCoding::f16;
  Tensor codes;       ///< (R, blocks): f16, i8 (double_quantized) or u8 (e8m0, e4m3)
  Tensor steps = {};  ///< f32: (ceil(R blocks / 256)) steps (double_quantized), (1) the tensor scale (e4m3)
  Tensor mean = {};   ///< f32 (1), for double_quantized

  std::int64_t bytes() const;
};

/// The scales (R, blocks) in f16, with which kernels multiply. Those of double_quantized are the FP16 numbers nearest
/// to mean + code * step; those of all others are exact. Errors: a shape, a dtype or a number that is none of the
/// coding.
Tensor decode(const BlockScales& scales, const Shape& expected);

}  // namespace octet
