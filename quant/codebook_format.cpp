#include "quant/codebook_format.h"

#include <algorithm>
#include <cmath>

#include "quant/double_quantization.h"
#include "quant/scales.h"
#include "tensor/formats/nibbles.h"
#include "tensor/formats/small_floats.h"
#include "tensor/half.h"

namespace octet {
namespace {

constexpr float kSmallestFp16 = 0x1p-24F;
constexpr float kLargestE2m1 = 6.0F;

/// FP16, but not 0.
float nonzero_fp16(float scale) {
  const float half = nearest_fp16(scale);
  return half == 0.0F ? std::copysign(kSmallestFp16, scale) : half;
}

/// The power of two with the nearest exponent.
float nearest_power(float scale) {
  const float magnitude = std::max(std::fabs(scale), std::ldexp(1.0F, kLowestE8m0));
  const auto exponent = static_cast<int>(std::nearbyint(std::log2(magnitude)));
  return std::ldexp(1.0F, std::clamp(exponent, kLowestE8m0, kHighestE8m0));
}

/// The E4M3 number of nvfp4 nearest to scale / tensor_scale: positive.
std::uint8_t nearest_block_scale(float scale, float tensor_scale) {
  return std::max(to_e4m3(std::fabs(scale) / tensor_scale), std::uint8_t{1});
}

float tensor_scale_of(std::span<const float> weights) {
  const float largest = largest_magnitude(weights);
  const float least = largest / kLargestE2m1 / kLargestE4m3;
  int exponent = 0;
  const float fraction = std::frexp(least, &exponent);  // least = fraction * 2^exponent, with a fraction in [0.5, 1)
  exponent = least == 0.0F ? 0 : std::max(fraction == 0.5F ? exponent - 1 : exponent, kLowestTensorScale);
  check(exponent <= kHighestTensorScale, "[quantize] expected weights of at most 344,064 for nvfp4, got {}", largest);
  return std::ldexp(1.0F, exponent);
}

/// The scale of nvfp4's rule. E4M3's subnormal numbers are so coarse that the nearest one may leave the largest weight
/// half a level and more beyond 6, the last: then the next.
float e4m3_scale(float largest, float tensor_scale) {
  std::uint8_t code = nearest_block_scale(largest / kLargestE2m1, tensor_scale);
  code += largest > (kLargestE2m1 + 1.0F) * from_e4m3(code) * tensor_scale ? 1 : 0;
  return from_e4m3(code) * tensor_scale;
}

/// The scales in the bytes of their coding: (R, blocks) u8.
template <typename ByteOf>
Tensor bytes_of(const Tensor& scales, ByteOf byte_of) {
  Tensor bytes = Tensor::empty(scales.shape(), DType::u8);
  for (std::int64_t i = 0; i < scales.elements(); ++i) {
    bytes.data<std::uint8_t>()[i] = static_cast<std::uint8_t>(byte_of(scales.data<float>()[i]));
  }
  return bytes;
}

void check_options(const Tensor& w, const CodebookOptions& options) {
  const std::int64_t fixed = fixed_block(options.codebook);
  if (fixed != 0 && options.block != fixed) {
    fail(ErrorKind::config, "[quantize] expected blocks of {} for {}, got {}", fixed, enum_name(options.codebook),
         options.block);
  }
  if (options.double_quantized && options.codebook != Codebook::nf4) {
    fail(ErrorKind::config, "[quantize] expected nf4 for double quantization of scales, got {}",
         enum_name(options.codebook));
  }
  check(options.importance.empty() || static_cast<std::int64_t>(options.importance.size()) == w.dim(1),
        "[quantize] expected the importance of {} columns, got {}", w.dim(1), options.importance.size());
}

}  // namespace

CodebookFormat::CodebookFormat(const Tensor& w, const CodebookOptions& options)
    : codebook_(options.codebook),
      search_(options.scale == CodebookScale::search ||
              (options.scale == CodebookScale::usual && codebook_ == Codebook::table4)),
      double_quantized_(options.double_quantized),
      integer_levels_(codebook_ == Codebook::table4 && !options.levels.defined() ? default_table4_levels()
                                                                                 : options.levels),
      levels_(levels_of(codebook_, integer_levels_)),
      limit_(largest_magnitude(levels_)) {
  check_options(w, options);
  if (codebook_ == Codebook::nvfp4) {
    tensor_scale_ = tensor_scale_of(w.span<float>());
  }
}

/// By the format's own rule, for a block that is not zero.
float CodebookFormat::usual_scale(float largest) const {
  if (codebook_ == Codebook::nvfp4) {
    return e4m3_scale(largest, tensor_scale_);
  }
  if (codebook_ == Codebook::mxfp4) {
    const int exponent = std::max(std::ilogb(largest) - 2, kLowestE8m0);
    check(exponent <= kHighestE8m0, "[quantize] expected weights below 2^18 for mxfp4, got {}", largest);
    return std::ldexp(1.0F, exponent);
  }
  return storable_scale(largest / limit_, largest, limit_);
}

StorableScale CodebookFormat::storable() const {
  switch (codebook_) {
    case Codebook::nf4:
      return [positive = double_quantized_](float scale) { return nonzero_fp16(positive ? std::fabs(scale) : scale); };
    case Codebook::mxfp4:
      return nearest_power;
    case Codebook::nvfp4:
      return [unit = tensor_scale_](float scale) { return from_e4m3(nearest_block_scale(scale, unit)) * unit; };
    case Codebook::table4:
      break;
  }
  return nearest_fp16;
}

/// What restores zeros.
float CodebookFormat::scale_of_zeros() const {
  if (codebook_ == Codebook::table4 || double_quantized_) {
    return 0.0F;
  }
  return codebook_ == Codebook::nvfp4 ? tensor_scale_ : 1.0F;
}

float CodebookFormat::scale_of(std::span<const float> values, std::span<const float> weights) const {
  const float largest = largest_magnitude(values);
  if (largest == 0.0F) {
    return scale_of_zeros();
  }
  const float usual = usual_scale(largest);
  if (!search_) {
    return usual;
  }
  const float found = find_codebook_scale(values, weights, levels_, storable());
  const bool better = codebook_error(values, weights, levels_, found) < codebook_error(values, weights, levels_, usual);
  return better ? found : usual;
}

BlockScales CodebookFormat::encode(const Tensor& scales) const {
  switch (codebook_) {
    case Codebook::mxfp4:
      return {ScaleCoding::e8m0, bytes_of(scales, [](float scale) { return std::ilogb(scale) + 127; })};
    case Codebook::nvfp4:
      return {ScaleCoding::e4m3, bytes_of(scales, [&](float scale) { return to_e4m3(scale / tensor_scale_); }),
              Tensor::full({1}, tensor_scale_)};
    case Codebook::nf4:
    case Codebook::table4:
      break;
  }
  return double_quantized_
             ? double_quantize(scales)
             : BlockScales{ScaleCoding::f16, to_half_exactly(scales, enum_name(codebook_).data(), "scales")};
}

}  // namespace octet
