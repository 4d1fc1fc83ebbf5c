#pragma once

#include "quant/quantize_matrix.h"

namespace octet {

/// The best correction A B of rank r for the error E = W - Q of a rounded matrix (R, C), in the metric of the layer's
/// inputs: of all products of an (R, r) and an (r, C) matrix it leaves the least
///
///     sum over the inputs x of |(E - A B) x|^2 = tr((E - A B) H (E - A B)^T),   H = sum of x x^T
///
/// With the eigenvectors U (R, r) of E H E^T that have the largest eigenvalues,
///
///     A = U,   B = U^T E
///
/// This is Eckart and Young's theorem for the whitened error E H^(1/2), whose left singular vectors are U. What is left
/// is the sum of the other eigenvalues. No inverse of H is needed, so inputs may depend on each other. A and B are then
/// scaled against each other, component by component, so that both reach equally far in FP16.
///
/// Source: Zhang et al. 2024, "QERA", https://arxiv.org/abs/2410.06040, theorem 1 (there with H^(-1/2));
/// "LQER" (Zhang et al. 2024, https://arxiv.org/abs/2402.02446) is the same with a diagonal H. Errors: a rank below 1
/// or above min(R, C) (config); other columns than the inputs have.
LowRank low_rank_correction(const Tensor& error, const SecondMoments& inputs, std::int64_t rank);

/// What a rounded layer lacks: the E with which (Q + E) x' is nearest to W x, for the inputs x' that the layer reads
/// now, and x before anything was rounded. Where only x' is known (no `mixed`) E = W - Q, else, by least squares,
///
///     E = W G^T H^-1 - Q,   H = sum of x' x'^T, G = sum of x' x^T
///
/// with both damped as in qronos(), so that E = W - Q without a mismatch.
Tensor missing_of(const Tensor& w, const Tensor& rounded, const LayerMoments& inputs);

}  // namespace octet
