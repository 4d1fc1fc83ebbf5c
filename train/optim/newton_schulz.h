#pragma once

#include "tensor/tensor.h"

namespace octet {

constexpr int kNewtonSchulzIterations = 5;
constexpr float kNewtonSchulzA = 3.4445F, kNewtonSchulzB = -4.7750F, kNewtonSchulzC = 2.0315F;

/// Nearly the nearest orthogonal matrix to x (rows, columns): with x = U S V^T, every singular value in S is pulled
/// towards 1 while U and V stay. A zero matrix stays zero.
///
/// After X = x / ||x||_F (so that no singular value exceeds 1) each of five iterations applies the odd polynomial
/// p(s) = a s + b s^3 + c s^5 to all singular values at once, without ever computing them:
///
///     A = X X^T,   P = a I + b A + c A^2,   X = P X          (or X^T X and from the right, whichever is smaller)
///
/// (a, b, c) = (3.4445, -4.7750, 2.0315) make p steep at 0, so that small singular values grow 3.4-fold per iteration.
/// The price is that they end anywhere between about 0.7 and 1.2 instead of at 1, which training does not notice.
///
/// Two savings. A, P and their products are symmetric: one triangle is multiplied, the other is its mirror image. And
/// for a long matrix the loop touches only the small square ones, Q = P Q and A = P A P, until X = Q X in the end.
///
/// Source: Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024,
/// https://kellerjordan.github.io/posts/muon/.
Tensor newton_schulz(const Tensor& x);

}  // namespace octet
