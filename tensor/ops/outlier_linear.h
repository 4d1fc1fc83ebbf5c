#pragma once

#include <vector>

#include "tensor/formats/packed_weight.h"
#include "tensor/ops/activation.h"
#include "tensor/tensor.h"

namespace octet {

/// Columns k of x (..., K) that hold a value of at least `threshold` in magnitude (or NaN) in any row, ascending.
std::vector<std::int64_t> outlier_columns(const Tensor& x, float threshold);

/// x with 0 in the columns `ks`.
Tensor without_columns(const Tensor& x, const std::vector<std::int64_t>& ks);

/// y = f(x W^T + bias) with outliers kept out of the integers:
///
///     O = outlier_columns(x, threshold)
///     y = f(dynamic(x with the columns O set to 0) + x[:, O] W[:, O]^T + bias)
///
/// A few huge columns would stretch the scale of every row, and leave few levels to the others. Here they multiply the
/// dequantized columns of W in FP32, and the rest stays on integers: see dynamic_linear. The columns are set to 0
/// before scales are taken. Without outliers this is dynamic_linear after one look at x. Threshold 0 is the FP32
/// product with the dequantized weight, infinity is dynamic_linear. x (..., K); bias (N) or undefined; y (..., N). Not
/// differentiable. On a GPU x is copied to the host, where its outliers are looked for and taken out: every call waits
/// for that. Errors: threshold < 0 or NaN; weights without integer codes. Source: Dettmers et al. 2022,
/// "LLM.int8()", https://arxiv.org/abs/2208.07339, section 3.2.
Tensor outlier_linear(const Tensor& x, float threshold, const PackedWeight& weight, const Tensor& bias = {},
                      const Epilogue& epilogue = {});

}  // namespace octet
