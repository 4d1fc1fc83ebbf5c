#pragma once

#include "tensor/cuda/language/device.h"
#include "tensor/cuda/language/vectors.h"
#include "tensor/kernels/int_kernels.h"

// One row to int8 codes, by a block of kThreads threads.

namespace octet::cuda {
namespace {

constexpr int kInfinity = 0x7F800000;
constexpr unsigned kNan = 0x7FC00000U;

/// x[k .. k + 3], with zeros from `columns` on. kFours: k and columns are multiples of 4, and x + k one of 16 bytes.
template <bool kFours>
__device__ float4 load_four(const float* x, std::int64_t k, std::int64_t columns) {
  if constexpr (kFours) {
    return k < columns ? *reinterpret_cast<const float4*>(x + k) : zero_vector();
  } else {
    const auto at = [&](std::int64_t i) { return i < columns ? x[i] : 0.0F; };
    return make_float4(at(k), at(k + 1), at(k + 2), at(k + 3));
  }
}

__device__ int magnitude_bits(float x) {
  return static_cast<int>(__float_as_uint(x) & 0x7FFFFFFFU);
}

/// The largest |x| of a row as the bits of a float: as integers they are ordered alike, with infinity and NaN above all
/// others.
template <int kThreads, bool kFours>
__device__ int largest_bits(const float* x, std::int64_t columns) {
  int largest = 0;
  for (std::int64_t k = 4 * std::int64_t{threadIdx.x}; k < columns; k += 4 * kThreads) {
    const float4 four = load_four<kFours>(x, k, columns);
    largest = max(max(max(largest, magnitude_bits(four.x)), magnitude_bits(four.y)),
                  max(magnitude_bits(four.z), magnitude_bits(four.w)));
  }
  return block_max<kThreads>(largest);
}

__device__ unsigned code_of(float x, float inverse) {
  const int code = __float2int_rn(fminf(fmaxf(x * inverse, -127.0F), 127.0F));  // rounds half to even
  return static_cast<unsigned>(code) & 0xFFU;
}

/// Codes of the quads `member`, `member` + `team`, ... of one group of `columns` values and `padded` codes; returns
/// their sum. Padding, and all where `inverse` is 0, gets codes 0.
template <bool kFours>
__device__ int quantize_group(const float* x, std::int64_t columns, std::int64_t padded, float inverse,
                              std::int8_t* codes, int member, int team) {
  int sum = 0;
  for (std::int64_t first = 4 * member; first < padded; first += 4 * team) {
    unsigned quad = 0;
    if (inverse > 0.0F) {
      const float4 four = load_four<kFours>(x, first, columns);
      quad = code_of(four.x, inverse) | code_of(four.y, inverse) << 8 | code_of(four.z, inverse) << 16 |
             code_of(four.w, inverse) << 24;
    }
    sum = __dp4a(static_cast<int>(quad), 0x01010101, sum);
    *reinterpret_cast<unsigned*>(codes + first) = quad;
  }
  return sum;
}

/// Threads that share a group: all of the block where there is one group, else as many lanes of a warp (a power of two)
/// as have a quad of their own.
template <int kThreads>
__device__ int team_of(const CodeLayout& layout) {
  if (layout.groups == 1) {
    return kThreads;
  }
  int team = kWarp;
  while (team > 1 && team / 2 * 4 >= layout.group_stride) {
    team /= 2;
  }
  return team;
}

template <int kThreads>
__device__ int team_sum(int value, int team) {
  if (team == kThreads) {
    return block_sum<kThreads>(value);
  }
  for (int offset = team / 2; offset > 0; offset /= 2) {
    value += __shfl_xor_sync(kAllLanes, value, offset);
  }
  return value;
}

/// Scale, codes and corrections of a row, whose largest magnitude has these bits.
template <int kThreads, bool kFours>
__device__ void quantize_row(const QuantizeRowsArgs& args, std::int64_t row, int bits) {
  const CodeLayout& layout = args.layout;
  const float* x = args.x + row * layout.columns;
  std::int8_t* codes = args.codes + row * layout.stride;
  std::int32_t* corrections = args.corrections + row * layout.groups;

  const bool finite = bits < kInfinity;
  const float largest = __uint_as_float(static_cast<unsigned>(bits));
  const bool is_static = args.static_scale > 0.0F;
  const bool is_zero = largest < kSmallestRow;
  if (threadIdx.x == 0) {
    args.scales[row] = !finite     ? __uint_as_float(kNan)
                       : is_static ? args.static_scale
                       : is_zero   ? 0.0F
                                   : largest / 127.0F;
  }
  const float inverse = !finite || is_zero ? 0.0F : is_static ? 1.0F / args.static_scale : 127.0F / largest;
  const int team = team_of<kThreads>(layout);
  const int member = static_cast<int>(threadIdx.x) % team;
  for (std::int64_t first = 0; first < layout.groups; first += kThreads / team) {  // all threads, for the sum
    const std::int64_t group = first + threadIdx.x / team;
    int sum = 0;
    if (group < layout.groups) {
      const std::int64_t column = group * layout.group, rest = layout.columns - column;
      const std::int64_t begin = layout.begin(group);
      sum = quantize_group<kFours>(x + column, rest < layout.group ? rest : layout.group, layout.end(group) - begin,
                                   inverse, codes + begin, member, team);
    }
    sum = team_sum<kThreads>(sum, team);
    if (member == 0 && group < layout.groups) {
      corrections[group] = -128 * sum;
    }
  }
}

/// Whether groups begin where four floats can be read at once, in rows that allow it.
inline bool groups_in_fours(const CodeLayout& layout) {
  return layout.groups == 1 || layout.group % 4 == 0;
}

}  // namespace
}  // namespace octet::cuda
