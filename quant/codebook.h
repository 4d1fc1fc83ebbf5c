#pragma once

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

/// w (R, C) of f32; the last block of a row may be shorter, and one larger than the row is the row. Where all of a
/// block is zero it is restored exactly: its scale is 1 (or another, of nvfp4 and where scales are double quantized),
/// and 0 for table4, which has no level 0.
///
/// nvfp4: the tensor scale is the smallest power of two from 2^-15 to 2^7 with which max|w| / 6 is at most 448, E4M3's
/// largest number. So E4M3 is used from its top: blocks fall to its subnormal numbers, which are coarse, only where
/// they are 2^14 times smaller than the largest weight. Without a tensor scale every block below 6 * 2^-6 = 0.094
/// would, and those are most blocks of a trained model. Scales too small to store become the smallest one.
///
/// Errors: NaN or infinity in w, named with its index; block < 1 or another one than the format's, or double
/// quantization of another format than nf4 (config); weights too large for the scales of a format (nf4 65,504, table4
/// 8.3e6, mxfp4 2^18, nvfp4 344,064).
CodebookWeight codebook_quantize(const Tensor& w, const CodebookOptions& options);

}  // namespace octet
