#include "tensor/cuda/device.h"
#include "tensor/cuda/tables.h"

namespace octet::cuda {
namespace {

constexpr int kThreads = 256;  // one block for each row
constexpr int kInfinity = 0x7F800000;
constexpr unsigned kNan = 0x7FC00000U;

/// The largest |x| of a row as the bits of a float: as integers they are ordered alike, with infinity and NaN above all
/// others.
__device__ int largest_bits(const float* x, std::int64_t columns) {
  int largest = 0;
  for (std::int64_t k = threadIdx.x; k < columns; k += kThreads) {
    const int bits = static_cast<int>(__float_as_uint(x[k]) & 0x7FFFFFFFU);
    largest = bits > largest ? bits : largest;
  }
  return block_max<kThreads>(largest);
}

__device__ int code_of(float x, float inverse) {
  return __float2int_rn(fminf(fmaxf(x * inverse, -127.0F), 127.0F));  // rounds half to even
}

/// Codes of the quads `member`, `member` + `team`, ... of one group of `columns` values and `padded` codes; returns
/// their sum. Padding, and all where `inverse` is 0, gets codes 0.
__device__ int quantize_group(const float* x, std::int64_t columns, std::int64_t padded, float inverse,
                              std::int8_t* codes, int member, int team) {
  int sum = 0;
  for (std::int64_t first = 4 * member; first < padded; first += 4 * team) {
    unsigned quad = 0;
    for (int i = 0; i < 4; ++i) {
      const int code = first + i < columns && inverse > 0.0F ? code_of(x[first + i], inverse) : 0;
      quad |= (static_cast<unsigned>(code) & 0xFFU) << 8 * i;
      sum += code;
    }
    *reinterpret_cast<unsigned*>(codes + first) = quad;
  }
  return sum;
}

/// Threads that share a group: all of the block where there is one group, else as many lanes of a warp (a power of two)
/// as have a quad of their own.
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

__device__ int team_sum(int value, int team) {
  if (team == kThreads) {
    return block_sum<kThreads>(value);
  }
  for (int offset = team / 2; offset > 0; offset /= 2) {
    value += __shfl_xor_sync(kAllLanes, value, offset);
  }
  return value;
}

__global__ void quantize_row(QuantizeRowsArgs args) {
  const CodeLayout& layout = args.layout;
  const std::int64_t row = blockIdx.x;
  const float* x = args.x + row * layout.columns;
  std::int8_t* codes = args.codes + row * layout.stride;
  std::int32_t* corrections = args.corrections + row * layout.groups;

  const int bits = largest_bits(x, layout.columns);
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
  const int team = team_of(layout);
  const int member = static_cast<int>(threadIdx.x) % team;
  for (std::int64_t first = 0; first < layout.groups; first += kThreads / team) {  // all threads, for the sum
    const std::int64_t group = first + threadIdx.x / team;
    int sum = 0;
    if (group < layout.groups) {
      const std::int64_t column = group * layout.group, rest = layout.columns - column;
      const std::int64_t begin = layout.begin(group);
      sum = quantize_group(x + column, rest < layout.group ? rest : layout.group, layout.end(group) - begin, inverse,
                           codes + begin, member, team);
    }
    sum = team_sum(sum, team);
    if (member == 0 && group < layout.groups) {
      corrections[group] = -128 * sum;
    }
  }
}

}  // namespace

void quantize_rows(const QuantizeRowsArgs& args) {
  if (args.rows > 0) {
    launch("quantize_rows", quantize_row, {static_cast<unsigned>(args.rows), kThreads}, args);
  }
}

}  // namespace octet::cuda
