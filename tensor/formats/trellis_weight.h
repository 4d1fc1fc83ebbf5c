#pragma once

#include <string>

#include "tensor/kernels/packed_codes.h"
#include "tensor/tensor.h"

namespace octet {

/// A matrix (R, C) of k = 2, 3 or 4 bits per weight, of which each value is one of 4096: the trellis code of QTIP.
///
/// 16 rows and 16 columns are a tile, and its 256 weights one sequence: weight (r, c) of a tile has place i = 16 c + r.
/// The codes of a tile are a ring of 256 k bits, place i having the bits from k i on (bit 0 is the lowest of byte 0).
/// The state of a place is the 12 bits of the ring that begin with its own:
///
///     state_i = bits k i .. k i + 11 of the ring
///     value   = trellis_level(state_i) * scale of the row          tensor/kernels/trellis_code.h
///
/// So a weight is read without its neighbours having been decoded. Neighbours share 12 - k bits of their states; seen
/// from the last place to the first, it is a walk: state_i = (state_(i+1) << k | code_i) mod 2^12. At each step k bits
/// choose among 2^k values, other ones in each state, which is how 2 bits reach what 12 bits of a table would hold. The
/// ring (the walk bites its tail) costs no bits for a first state.
///
/// Stored: `codes` (ceil(R / 16), ceil(C / 16), 32 k) u8, where the weights of a tile that the matrix does not have
/// take their bits as well; `scales` (R) f16, finite, any sign, 0 for a row of zeros.
///   bits per weight: k + 16 / C, where R and C are multiples of 16
///
/// Source: Tseng et al. 2024, "QTIP: Quantization with Trellises and Incoherence Processing",
/// https://arxiv.org/abs/2406.11235, sections 3 (bitshift trellis), 3.1.1 (1MAD), 3.2 (tail-biting), 4 (tiles).
class TrellisWeight {
 public:
  /// Errors: (config) bits other than 2, 3, 4; shapes or dtypes that do not fit; scales that are not finite.
  TrellisWeight(Tensor codes, Tensor scales, std::int64_t columns, int bits);

  const Tensor& codes() const { return codes_; }
  const Tensor& scales() const { return scales_; }
  std::int64_t rows() const { return scales_.dim(0); }
  std::int64_t columns() const { return columns_; }
  int bits() const { return bits_; }

  void dequantize_rows(std::int64_t first, std::int64_t count, float* out) const;
  std::int64_t bytes() const { return static_cast<std::int64_t>(codes_.bytes() + scales_.bytes()); }
  /// "trellis per_channel (3 bits)"
  std::string describe() const;

 private:
  Tensor codes_;
  Tensor scales_;
  std::int64_t columns_;
  int bits_;
};

/// Tiles that cover `size` rows or columns.
constexpr std::int64_t trellis_tiles(std::int64_t size) {
  return (size + kTrellisTile - 1) / kTrellisTile;
}
/// Weights of a tile, and bytes of its ring.
constexpr std::int64_t kTrellisLength = kTrellisTile * kTrellisTile;
constexpr std::int64_t trellis_tile_bytes(int bits) {
  return kTrellisLength * bits / 8;
}

}  // namespace octet
