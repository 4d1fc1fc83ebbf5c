#pragma once

#include <concepts>

#include "tensor/cuda/language/device.h"
#include "tensor/cuda/rows/nonlinearity.h"
#include "tensor/kernels/packed_task.h"

// What the products with packed weights share. Codes are multiplied in `elements` of 32 bits: a quad of four int8 codes
// along K, whose products with another quad one instruction adds up, or one float.

// Unrolls the loop that follows: arrays stay in registers only where all indices are constants.
#ifdef OCTET_CUDA_SIMULATOR
#define OCTET_UNROLL
#else
#define OCTET_UNROLL _Pragma("unroll")
#endif

namespace octet::cuda {
namespace {

/// Of formats whose bytes say all.
struct NoTable {
  __device__ explicit NoTable(const PackedCodes&) {}
};

/// The scales of a weight: one of those below.
template <typename Scales>
concept PanelScales = requires(const PackedCodes& w, std::int64_t index, float (&scales)[4]) {
  { Scales::load(w, index) } -> std::same_as<typename Scales::Four>;
  Scales::widen(Scales::load(w, index), scales);
  { Scales::at(w, index) } -> std::same_as<float>;
};

/// What 16 bytes of a weight are, which lies in panels, or, where 16 bytes are codes of one column, in rows.
template <typename Format>
concept PanelFormat = requires(const uint4& bytes, const typename Format::Table& table, typename Format::Element sum,
                               typename Format::Element (&elements)[Format::kElements][Format::kColumns]) {
  // Of the activations: CodeRows, whose elements are quads, or FloatRows. Sums have the type of the elements.
  requires(std::same_as<typename Format::Rows, CodeRows> && std::same_as<typename Format::Element, int>) ||
      (std::same_as<typename Format::Rows, FloatRows> && std::same_as<typename Format::Element, float>);
  requires PanelScales<typename Format::Scales>;
  // Codes along K of a step, the piece of all 16 columns of a panel that lies together (or 16 bytes of a row), and the
  // elements that they are.
  requires Format::kCodes >= Format::kElements;
  // Columns of which 16 bytes hold one step.
  requires 16 % Format::kColumns == 0;
  // Rows whose sums a lane keeps in registers.
  requires Format::kMostRows == 4 || Format::kMostRows == 8;
  // What unpacking needs to know of a weight, made once by all threads of a block.
  requires std::constructible_from<typename Format::Table, const PackedCodes&>;
  Format::unpack(bytes, table, elements);
  // What 1 of a sum stands for, and what a sum stands for.
  { Format::kUnit } -> std::convertible_to<float>;
  { Format::value(sum) } -> std::same_as<float>;
};

/// One whose sums are exact; in panels it also unpacks the quads of one word, for tensor cores.
template <typename Format>
concept CodeFormat = PanelFormat<Format> &&
    requires(typename Format::Element sum, unsigned word, const typename Format::Table& table,
             typename Format::Element (&quads)[Format::kElements]) {
  { Format::exact(sum) } -> std::same_as<int>;
  requires Format::kColumns == 1 || requires {
    Format::unpack_word(word, table, quads);
  };
};

/// Lanes that share a step, and steps that a warp reads at once: 512 bytes.
template <typename Format>
constexpr int kLanesOfStep = static_cast<int>(kPanelColumns) / Format::kColumns;
template <typename Format>
constexpr int kStepsOfWarp = kWarp / kLanesOfStep<Format>;

/// Where 16 bytes of a weight are: step `step` of the columns from 16 * panel + across * kColumns on.
template <typename Format>
constexpr bool kInRows = Format::kColumns == 1;
template <typename Format>
__device__ int units_of_row(const PackedCodes& w) {
  return static_cast<int>((kInRows<Format> ? w.layout.row_stride() : w.layout.stride) / Format::kCodes);
}
template <typename Format>
__device__ const uint4* unit_at(const PackedCodes& w, std::int64_t panel, int step, int across) {
  const std::int64_t steps = units_of_row<Format>(w);
  if constexpr (kInRows<Format>) {
    return reinterpret_cast<const uint4*>(w.row_codes) + (panel * kPanelColumns + across) * steps + step;
  } else {
    return reinterpret_cast<const uint4*>(w.codes) + (panel * steps + step) * kLanesOfStep<Format> + across;
  }
}

__device__ inline int multiply_add(int a, int b, int sum) {
  return __dp4a(a, b, sum);
}
__device__ inline float multiply_add(float a, float b, float sum) {
  return fmaf(a, b, sum);
}

/// Rows as elements, and their distance.
__device__ inline const int* elements_of(const CodeRows& x) {
  return reinterpret_cast<const int*>(x.codes);
}
__device__ inline const float* elements_of(const FloatRows& x) {
  return x.x;
}
template <typename Format>
__device__ std::int64_t row_elements(const PackedCodes& w) {
  return w.layout.stride * Format::kElements / Format::kCodes;
}

/// Neighbouring elements of x in one or two loads. Rows begin at multiples of 8 elements or quads of 4 codes. Not by
/// __ldg, as weights are read: it may find in its cache what was there before the kernel waited for the one that writes
/// x.
__device__ inline void load(const int* from, int (&to)[1]) {
  to[0] = *from;
}
__device__ inline void load(const int* from, int (&to)[2]) {
  const int2 pair = *reinterpret_cast<const int2*>(from);
  to[0] = pair.x, to[1] = pair.y;
}
__device__ inline void load(const float* from, float (&to)[1]) {
  to[0] = *from;
}
__device__ inline void load(const float* from, float (&to)[2]) {
  const float2 pair = *reinterpret_cast<const float2*>(from);
  to[0] = pair.x, to[1] = pair.y;
}
__device__ inline void load(const float* from, float (&to)[4]) {
  const float4 four = *reinterpret_cast<const float4*>(from);
  to[0] = four.x, to[1] = four.y, to[2] = four.z, to[3] = four.w;
}
__device__ inline void load(const float* from, float (&to)[8]) {
  const float4 low = *reinterpret_cast<const float4*>(from);
  const float4 high = *reinterpret_cast<const float4*>(from + 4);
  to[0] = low.x, to[1] = low.y, to[2] = low.z, to[3] = low.w;
  to[4] = high.x, to[5] = high.y, to[6] = high.z, to[7] = high.w;
}

/// Where the scales (and offsets) of a group of a panel begin.
__device__ inline std::int64_t scale_index(const PackedCodes& w, std::int64_t panel, std::int64_t group) {
  return (panel * w.layout.groups + group) * kPanelColumns;
}

/// Scales of four neighbouring columns: `Four` as they are stored, which loads early at little cost.
struct FloatScales {
  using Four = float4;
  static __device__ Four load(const PackedCodes& w, std::int64_t index) {
    return __ldg(reinterpret_cast<const float4*>(w.scales + index));
  }
  static __device__ void widen(const Four& four, float (&scales)[4]) {
    scales[0] = four.x, scales[1] = four.y, scales[2] = four.z, scales[3] = four.w;
  }
  static __device__ float at(const PackedCodes& w, std::int64_t index) { return w.scales[index]; }
};

struct HalfScales {
  using Four = uint2;
  static __device__ Four load(const PackedCodes& w, std::int64_t index) {
    return __ldg(reinterpret_cast<const uint2*>(w.half_scales + index));
  }
  static __device__ void widen(const Four& four, float (&scales)[4]) {
    const unsigned pairs[2] = {four.x, four.y};
    for (int i = 0; i < 4; ++i) {
      scales[i] = to_float(Float16{static_cast<std::uint16_t>(pairs[i / 2] >> 16 * (i % 2))});
    }
  }
  static __device__ float at(const PackedCodes& w, std::int64_t index) { return to_float(w.half_scales[index]); }
};

struct NoScales {
  struct Four {};
  static __device__ Four load(const PackedCodes&, std::int64_t) { return {}; }
  static __device__ void widen(const Four&, float (&scales)[4]) {
    scales[0] = scales[1] = scales[2] = scales[3] = 1.0F;
  }
  static __device__ float at(const PackedCodes&, std::int64_t) { return 1.0F; }
};

/// The sum of a group of row m; only asked for where weights have offsets.
__device__ inline float x_sum(const CodeRows& x, std::int64_t groups, std::int64_t m, std::int64_t group) {
  return static_cast<float>(x.corrections[m * groups + group] / -128);
}
__device__ inline float x_sum(const FloatRows& x, std::int64_t groups, std::int64_t m, std::int64_t group) {
  return x.sums[m * groups + group];
}

__device__ inline float row_scale(const CodeRows& x, std::int64_t m) {
  return x.scales[m];
}
__device__ inline float row_scale(const FloatRows&, std::int64_t) {
  return 1.0F;
}

/// y[m, n] = f(total * row scale + bias) + residual[m, n]: `total` is the sum over all groups, scales and offsets of
/// the weight included.
template <typename Rows>
__device__ void finish(const Task<Rows>& task, std::int64_t m, std::int64_t n, float total) {
  const std::int64_t index = m * task.w.n + n;
  const float y = fmaf(total, row_scale(task.x, m), task.bias == nullptr ? 0.0F : task.bias[n]);
  const float result = apply(task.f, task.gate == nullptr ? nullptr : task.gate + index, y);
  static_cast<float*>(task.y)[index] = task.residual == nullptr ? result : result + task.residual[index];
}

inline std::int64_t panels_of(const PackedCodes& w) {
  return (w.n + kPanelColumns - 1) / kPanelColumns;
}

}  // namespace
}  // namespace octet::cuda
