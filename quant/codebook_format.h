#pragma once

#include <span>
#include <vector>

#include "quant/codebook_scale.h"
#include "tensor/formats/codebook_weight.h"

namespace octet {

/// How the scale of a block is found.
///   usual    table4: search; the others: their own rule, below
///   rule     the rule of the format
///              nf4      max|x|: the outermost level is 1                     Source: QLoRA, section 3
///              mxfp4    2^(floor(log2 max|x|) - 2); what is beyond 6 times that becomes 6     Source: OCP MX v1.0,
///                       section 6.3, with 2 the exponent of E2M1's largest number
///              nvfp4    max|x| / 6 as the nearest multiple of the tensor scale that E4M3 has
///              table4   max|x| / 127
///   search   find_codebook_scale() among the scales that the format can store
enum class CodebookScale { usual, rule, search };

struct CodebookOptions {
  Codebook codebook = Codebook::nf4;
  std::int64_t block = 64;  ///< columns that share a scale; mxfp4: 32, nvfp4: 16
  CodebookScale scale = CodebookScale::usual;
  bool double_quantized = false;  ///< of nf4: see quant/double_quantization.h
  /// What the squared error of each column weighs in the search, such as the mean square of what it multiplies; empty:
  /// 1 each.
  std::vector<float> importance = {};
  Tensor levels = {};  ///< (16) i8, of table4; undefined: kTable4Levels
};

/// How a format of 16 levels finds and stores the scales of one matrix: what rounding to nearest (quant/codebook.h) and
/// methods with feedback (quant/codebook_rounder.h) share.
class CodebookFormat {
 public:
  /// For w (R, C), contiguous: the tensor scale of nvfp4 follows from its largest weight. Errors: those of
  /// codebook_quantize() about options and sizes.
  CodebookFormat(const Tensor& w, const CodebookOptions& options);

  const Levels& levels() const { return levels_; }
  const Tensor& integer_levels() const { return integer_levels_; }  ///< of table4, else undefined
  /// The scale of a block of values, exactly as it can be stored but for double quantization; `weights` of their
  /// errors, or none, count in a search.
  float scale_of(std::span<const float> values, std::span<const float> weights) const;
  /// Scales (R, blocks) of f32 that scale_of() gave, as files hold them.
  BlockScales encode(const Tensor& scales) const;

 private:
  float usual_scale(float largest) const;
  float scale_of_zeros() const;
  StorableScale storable() const;

  Codebook codebook_;
  bool search_, double_quantized_;
  Tensor integer_levels_;
  Levels levels_;
  float limit_;                // the outermost level
  float tensor_scale_ = 1.0F;  // of nvfp4
};

}  // namespace octet
