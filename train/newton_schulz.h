#pragma once

#include <cstdint>
#include <vector>

namespace octet {

/// Replaces a matrix by (nearly) the nearest orthogonal one: with X = U S V^T, every singular value in S is pulled
/// towards 1 while U and V stay.
///
/// After X = X / ||X||_F (so that no singular value exceeds 1) each of five iterations applies the odd polynomial
/// p(s) = a s + b s^3 + c s^5 to all singular values at once, without ever computing them:
///
///     A = X X^T,   X = a X + (b A + c A^2) X          (or X^T X and from the right, whichever is smaller)
///
/// (a, b, c) = (3.4445, -4.7750, 2.0315) make p steep at 0, so that small singular values grow 3.4-fold per iteration.
/// The price is that they end anywhere between about 0.7 and 1.2 instead of at 1, which training does not notice.
///
/// Source: Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024,
/// https://kellerjordan.github.io/posts/muon/.
class NewtonSchulz {
 public:
  static constexpr int kIterations = 5;
  static constexpr float kA = 3.4445F, kB = -4.7750F, kC = 2.0315F;

  /// x (rows, columns) row-major, in place. A zero matrix stays zero. Keeps its scratch memory for the next call.
  void orthogonalise(float* x, std::int64_t rows, std::int64_t columns);

 private:
  std::vector<float> gram_;        ///< A
  std::vector<float> polynomial_;  ///< b A + c A^2
  std::vector<float> next_;        ///< the next X
};

}  // namespace octet
