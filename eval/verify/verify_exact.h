#pragma once

#include <vector>

#include "nn/layers/quantized_matrix.h"
#include "tensor/ops/dynamic_linear.h"

namespace octet {

/// y = x (W + A B)^T + bias by its definition, in double, from the weight as files hold it: what no rounding, packing
/// or order of summation has touched.
struct ExactProduct {
  std::vector<double> y;          ///< (M, N)
  std::vector<double> magnitude;  ///< (M, N) sum of the absolute values of the terms that a kernel adds
};

/// x (M, K). With int8 activations the product of `rows`, the codes of x, and the terms are the sums of groups; else
/// `rows` is not read, and the terms are the K products.
ExactProduct exact_product(const Tensor& x, const QuantizedMatrix& matrix, const Tensor& bias,
                           const QuantizedRows& rows);

}  // namespace octet
