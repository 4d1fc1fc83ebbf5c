#pragma once

#include "quant/codebook_format.h"

namespace octet {

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
