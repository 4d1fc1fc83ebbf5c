#pragma once

#include "tensor/tensor.h"

// What the formats of half a byte per weight share.

namespace octet {

/// Bytes of a row: ceil(columns / 2), also where columns + 1 would overflow.
inline std::int64_t nibble_bytes(std::int64_t columns) {
  return columns / 2 + columns % 2;
}

/// The low four bits of each code (R, C) i8 as (R, ceil(C / 2)) u8. Byte c / 2 of a row holds two of them:
///   bits 0..3: that of the even column c      bits 4..7: that of column c + 1, or 0 past the end of the row
Tensor pack_nibbles(const Tensor& codes);

/// Nibble of column c of a row of such bytes: 0 .. 15.
inline int nibble_at(const std::uint8_t* row, std::int64_t c) {
  return c % 2 == 0 ? row[c / 2] & 15 : row[c / 2] >> 4;
}

/// Bytes of a row of codes of `bits` bits each, without a gap between them.
std::int64_t dense_bytes(std::int64_t columns, int bits);
/// The low `bits` bits of each nibble (R, ceil(C / 2)), as files hold codes of fewer than four: (R, dense_bytes) u8.
/// Code c begins at bit c bits of a row, bit 0 being the lowest of the first byte.
Tensor pack_dense(const Tensor& nibbles, std::int64_t columns, int bits);
/// The nibbles again; `with_sign`: codes in two's complement. Errors: another shape or dtype.
Tensor unpack_dense(const Tensor& dense, std::int64_t columns, int bits, bool with_sign);

/// FP32 numbers in FP16. Errors, naming `op` and what they are: one that FP16 does not hold exactly.
Tensor to_half_exactly(const Tensor& values, const char* op, const char* what);
/// FP16 numbers in FP32.
Tensor from_half(const Tensor& values);

}  // namespace octet
