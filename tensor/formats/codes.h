#pragma once

#include <cstdint>
#include <string>

#include "base/config/field.h"
#include "tensor/tensor.h"

namespace octet {

/// What shares one scale: the whole matrix (R, C), each row (an output channel), or `group` neighbours of a row.
enum class Granularity { per_tensor, per_channel, per_group };

template <>
inline constexpr auto enum_names<Granularity> =
    std::to_array<EnumName<Granularity>>({{Granularity::per_tensor, "per_tensor"},
                                          {Granularity::per_channel, "per_channel"},
                                          {Granularity::per_group, "per_group"}});

/// A matrix as integer codes and scales: what every integer method of quant/ produces and what the formats Int8Weight
/// and Int4Weight store. A scale may be negative: then the side with one code more is the positive one.
///   symmetric         value (r, c) = code (r, c) * scale of (r, c)
///   with a minimum    value (r, c) = code (r, c) * scale of (r, c) + minimum of (r, c)
/// Symmetric codes lie in [-2^(bits-1), 2^(bits-1) - 1], but those of 8 bits in [-127, 127] (why: docs/kernels.md);
/// codes with a minimum in [0, 2^bits - 1].
struct Codes {
  Tensor codes;   ///< (R, C) i8
  Tensor scales;  ///< f32: (1) per tensor, (R) per channel, (R, groups) per group
  int bits = 8;   ///< 2 to 8, with a minimum 2 to 7: codes are stored in i8
  Granularity granularity = Granularity::per_channel;
  std::int64_t group = 0;  ///< columns per scale, for per_group only; the last group of a row may be shorter
  Tensor minimums = {};    ///< like `scales`; undefined where the grid is symmetric

  std::int64_t rows() const { return codes.dim(0); }
  std::int64_t columns() const { return codes.dim(1); }
  /// Columns that share a scale within a row: the group, or the whole row.
  std::int64_t columns_per_scale() const { return scale_run(granularity, group, columns()); }
  std::int64_t groups() const { return (columns() + columns_per_scale() - 1) / columns_per_scale(); }
  bool is_symmetric() const { return !minimums.defined(); }
  int lowest_code() const;
  int highest_code() const;
  float scale(std::int64_t row, std::int64_t group_index) const {
    return scales.data<float>()[index(row, group_index)];
  }
  /// The value of code 0, which is 0 where the grid is symmetric.
  float minimum(std::int64_t row, std::int64_t group_index) const {
    return is_symmetric() ? 0.0F : minimums.data<float>()[index(row, group_index)];
  }

  static std::int64_t scale_run(Granularity granularity, std::int64_t group, std::int64_t columns);

 private:
  std::int64_t index(std::int64_t row, std::int64_t group_index) const;
};

/// Shape of the scales of an (R, C) matrix. Errors: (config) group < 1.
Shape scales_shape(std::int64_t rows, std::int64_t columns, Granularity granularity, std::int64_t group);

/// The largest code of `bits` bits: 2^(bits-1) - 1. Errors: (config) bits outside 2..8.
int largest_code(int bits);

/// The lowest of a symmetric grid: -2^(bits-1), but -127 of 8 bits. Errors: as largest_code.
int lowest_code(int bits);

/// "per_group 32 (3-bit codes) with minimum": the granularity, and the bits where they are fewer than the `stored`
/// ones.
std::string describe(const Codes& codes, int stored);

/// Checks shapes, dtypes and the range of the codes; an error naming what is wrong.
void validate(const Codes& codes);

/// The values of all codes, as FP32.
Tensor dequantize(const Codes& codes);
/// Rows [first, first + count) of it, written to `out` (count, C).
void dequantize_rows(const Codes& codes, std::int64_t first, std::int64_t count, float* out);

}  // namespace octet
