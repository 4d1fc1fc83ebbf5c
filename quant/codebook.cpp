#include "quant/codebook.h"

#include <algorithm>
#include <cmath>

#include "base/parallel.h"
#include "quant/double_quantization.h"
#include "quant/scales.h"
#include "tensor/formats/codes.h"
#include "tensor/formats/nibbles.h"
#include "tensor/formats/small_floats.h"
#include "tensor/half.h"

namespace octet {
namespace {

constexpr float kSmallestFp16 = 0x1p-24F;
constexpr float kLargestE2m1 = 6.0F;

/// The scale of the format's own rule for a block that is not zero.
float usual_scale(Codebook codebook, float largest, float limit) {
  if (codebook == Codebook::mxfp4) {
    const int exponent = std::max(std::ilogb(largest) - 2, kLowestE8m0);
    check(exponent <= kHighestE8m0, "[quantize] expected weights below 2^18 for mxfp4, got {}", largest);
    return std::ldexp(1.0F, exponent);
  }
  return storable_scale(largest / limit, largest, limit);
}

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

/// What the scales of one matrix need to know.
struct Format {
  Codebook codebook;
  Levels levels;
  float limit = 0.0F;         // the outermost level
  float tensor_scale = 1.0F;  // nvfp4
  bool search = false;
  bool double_quantized = false;
  std::span<const float> importance = {};

  StorableScale storable() const {
    switch (codebook) {
      case Codebook::nf4:
        return [positive = double_quantized](float scale) { return nonzero_fp16(positive ? std::fabs(scale) : scale); };
      case Codebook::mxfp4:
        return nearest_power;
      case Codebook::nvfp4:
        return [unit = tensor_scale](float scale) { return from_e4m3(nearest_block_scale(scale, unit)) * unit; };
      case Codebook::table4:
        break;
    }
    return nearest_fp16;
  }

  /// What restores zeros.
  float scale_of_zeros() const {
    if (codebook == Codebook::table4 || double_quantized) {
      return 0.0F;
    }
    return codebook == Codebook::nvfp4 ? tensor_scale : 1.0F;
  }

  /// `first`: the column of values[0].
  float scale_of(std::span<const float> values, std::size_t first) const {
    const float largest = largest_magnitude(values);
    if (largest == 0.0F) {
      return scale_of_zeros();
    }
    const float usual =
        codebook == Codebook::nvfp4 ? e4m3_scale(largest, tensor_scale) : usual_scale(codebook, largest, limit);
    if (!search) {
      return usual;
    }
    const auto weights = importance.empty() ? importance : importance.subspan(first, values.size());
    const float found = find_codebook_scale(values, weights, levels, storable());
    const bool better = codebook_error(values, weights, levels, found) < codebook_error(values, weights, levels, usual);
    return better ? found : usual;
  }
};

/// Scales (R, blocks) of f32, each exactly as it can be stored.
Tensor find_scales(const Tensor& w, const Format& format, std::int64_t block) {
  Tensor scales = Tensor::empty(scales_shape(w.dim(0), w.dim(1), Granularity::per_group, block));
  const std::int64_t run = std::min(block, w.dim(1)), blocks = scales.dim(1);
  for_each_scale(w, Granularity::per_group, block, [&](std::int64_t index, std::span<const float> values) {
    scales.data<float>()[index] = format.scale_of(values, static_cast<std::size_t>(index % blocks * run));
  });
  return scales;
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

BlockScales encode(const Tensor& scales, const Format& format) {
  switch (format.codebook) {
    case Codebook::mxfp4:
      return {ScaleCoding::e8m0, bytes_of(scales, [](float scale) { return std::ilogb(scale) + 127; })};
    case Codebook::nvfp4:
      return {ScaleCoding::e4m3, bytes_of(scales, [&](float scale) { return to_e4m3(scale / format.tensor_scale); }),
              Tensor::full({1}, format.tensor_scale)};
    case Codebook::nf4:
    case Codebook::table4:
      break;
  }
  return {ScaleCoding::f16, to_half_exactly(scales, enum_name(format.codebook).data(), "scales")};
}

/// The nibbles of w for the scales as they are stored, (R, blocks) f16.
Tensor nibbles_of(const Tensor& w, const Tensor& scales, const Levels& levels, std::int64_t block) {
  Tensor codes = Tensor::empty(w.shape(), DType::i8);
  const std::int64_t columns = w.dim(1), run = std::min(block, columns), blocks = scales.dim(1);
  parallel_for(w.dim(0), 64, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      for (std::int64_t c = 0; c < columns; ++c) {
        const std::int64_t i = row * columns + c;
        const float scale = to_float(scales.data<Float16>()[row * blocks + c / run]);
        codes.data<std::int8_t>()[i] = static_cast<std::int8_t>(nearest_level(w.data<float>()[i] / scale, levels));
      }
    }
  });
  return pack_nibbles(codes);
}

}  // namespace

CodebookWeight codebook_quantize(const Tensor& w, const CodebookOptions& options) {
  const Tensor dense = checked_weights(w);
  const Codebook codebook = options.codebook;
  const std::int64_t fixed = fixed_block(codebook);
  if (fixed != 0 && options.block != fixed) {
    fail(ErrorKind::config, "[quantize] expected blocks of {} for {}, got {}", fixed, enum_name(codebook),
         options.block);
  }
  if (options.double_quantized && codebook != Codebook::nf4) {
    fail(ErrorKind::config, "[quantize] expected nf4 for double quantization of scales, got {}", enum_name(codebook));
  }
  check(options.importance.empty() || static_cast<std::int64_t>(options.importance.size()) == w.dim(1),
        "[quantize] expected the importance of {} columns, got {}", w.dim(1), options.importance.size());
  const bool is_table = codebook == Codebook::table4;
  const Tensor integer_levels = is_table && !options.levels.defined() ? default_table4_levels() : options.levels;
  Format format{.codebook = codebook, .levels = levels_of(codebook, integer_levels)};
  format.limit = largest_magnitude(format.levels);
  format.tensor_scale = codebook == Codebook::nvfp4 ? tensor_scale_of(dense.span<float>()) : 1.0F;
  format.search = options.scale == CodebookScale::search || (options.scale == CodebookScale::usual && is_table);
  format.double_quantized = options.double_quantized;
  format.importance = options.importance;
  const Tensor found = find_scales(dense, format, options.block);
  BlockScales scales = options.double_quantized ? double_quantize(found) : encode(found, format);
  const Tensor nibbles = nibbles_of(dense, decode(scales, found.shape()), format.levels, options.block);
  return {codebook, nibbles, std::move(scales), w.dim(1), options.block, integer_levels};
}

}  // namespace octet
