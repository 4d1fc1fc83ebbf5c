#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace octet {

/// A Hadamard matrix H (n, n): entries 1 and -1, and rows that are orthogonal to each other, so H H^T = n I. Its first
/// column is all ones. H / sqrt(n) is a rotation that spreads every channel evenly over all.
///
///     H = S_(2^k) (x) B_m     n = 2^k m
///
/// (x) is the Kronecker product. S is Sylvester's matrix, S_1 = (1), S_2n = ((S_n, S_n), (S_n, -S_n)); products with it
/// take n log n additions, the fast Walsh-Hadamard transform. B is a block that is made from the squares modulo a prime
/// q (Paley 1933, "On Orthogonal Matrices", https://doi.org/10.1002/sapm1933121311): the first of m = 1, and of the odd
/// part of n times 1, 2, 4, ..., for which there is such a prime
///
///     q = m - 1      of the form 4 i + 3     m = 12, 20, 24, 44, 60, 68, ...
///     q = m / 2 - 1  of the form 4 i + 1     m = 28, 36, ...
///
/// with m up to 1024. Widths 192 = 16 * 12, 576 = 16 * 36, 896 = 32 * 28. Not all multiples of 4 have such a block (52
/// = 4 * 13 does not, 104 does), and others, above 2, have no Hadamard matrix at all.
class Hadamard {
 public:
  /// Error (config) where no block fits, naming the order.
  explicit Hadamard(std::int64_t order);

  std::int64_t order() const { return order_; }
  std::int64_t block_order() const { return block_order_; }  ///< m
  /// x <- H x, for x (n).
  void apply(std::span<double> x) const;
  /// x <- H^T x, for x (n).
  void apply_transposed(std::span<double> x) const;

 private:
  void sylvester(std::span<double> x) const;
  void multiply_blocks(std::span<double> x, bool transposed) const;

  std::int64_t order_;
  std::int64_t block_order_ = 1;
  std::vector<std::int8_t> block_;  // B, row-major
};

}  // namespace octet
