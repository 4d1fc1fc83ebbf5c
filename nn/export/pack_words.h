#pragma once

#include "tensor/tensor.h"

namespace octet {

/// Codes (R, C) i8 of `bits` 4 or 8 in words as compressed-tensors has them: (R, ceil(C bits / 32)) i32. With n =
/// 32 / bits, word w of a row holds
///
///     sum over i < n of (code of column n w + i, plus 2^(bits-1)) 2^(bits i)
///
/// and zeros past the end of the row. Source: https://github.com/vllm-project/compressed-tensors,
/// compressors/pack_quantized/helpers.py.
Tensor pack_words(const Tensor& codes, int bits);

}  // namespace octet
