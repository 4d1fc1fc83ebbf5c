#include <immintrin.h>

#include "tensor/cpu/int_tables.h"

// AVX-512 with VNNI. `vpdpbusd` adds four products of unsigned and signed bytes to each int32 lane, so weights are used
// as unsigned w + offset, and the sums start at -offset * sum(x), which takes the offset out again. Sums are exact
// modulo 2^32, so the intermediate larger values do no harm.
//
// This file obeys the rules for instruction sets: everything is local, no standard library templates.

namespace octet::cpu {
namespace {

constexpr std::int64_t kLanes = 16;
constexpr int kPanelBlock = 2;  // panels at once: with six rows, 12 registers of sums and 12 of floats of a group
constexpr std::int64_t kRowBlock = 96;  // rows per task: their codes (96 x K bytes) stay in the L2 cache beside a panel

enum class Output { sums, linear };

struct Task {
  CodeRows x;
  PackedCodes w;
  const float* bias;
  void* y;  // int32 sums (groups, M, N) or the float result (M, N)
};

__mmask16 first_lanes(std::int64_t count) {
  return count >= kLanes ? 0xFFFF : static_cast<__mmask16>((1U << count) - 1U);
}

// ---- activations -------------------------------------------------------------------------------------------------

/// Codes of one group, 16 at a time; returns their sum. Padding gets codes 0 because masked loads give 0.
std::int32_t quantize_group(const float* x, std::int64_t columns, std::int64_t padded, __m512 scale,
                            std::int8_t* codes) {
  __m512i sum = _mm512_setzero_si512();
  for (std::int64_t k = 0; k < padded; k += kLanes) {
    const __m512 values = _mm512_maskz_loadu_ps(first_lanes(columns - k), x + k);
    const __m512 ratio = _mm512_div_ps(values, scale);
    const __m512 clamped = _mm512_max_ps(_mm512_min_ps(ratio, _mm512_set1_ps(127.0F)), _mm512_set1_ps(-127.0F));
    const __m512i code = _mm512_cvtps_epi32(clamped);  // rounds half to even
    sum = _mm512_add_epi32(sum, code);
    _mm_mask_storeu_epi8(codes + k, first_lanes(padded - k), _mm512_cvtepi32_epi8(code));
  }
  return _mm512_reduce_add_epi32(sum);
}

void quantize_row(const QuantizeRowsArgs& args, std::int64_t row) {
  const CodeLayout& layout = args.layout;
  const float* x = args.x + row * layout.columns;
  std::int8_t* codes = args.codes + row * layout.stride;

  // The bits of |x| as integers are ordered like |x|, with infinity and NaN above all finite values.
  __m512i largest_bits = _mm512_setzero_si512();
  const __m512i magnitude = _mm512_set1_epi32(0x7FFFFFFF);
  for (std::int64_t k = 0; k < layout.columns; k += kLanes) {
    const __m512i bits = _mm512_maskz_loadu_epi32(first_lanes(layout.columns - k), x + k);
    largest_bits = _mm512_max_epi32(largest_bits, _mm512_and_si512(bits, magnitude));
  }
  const int bits = _mm512_reduce_max_epi32(largest_bits);
  float largest;
  __builtin_memcpy(&largest, &bits, sizeof largest);
  const bool finite = bits < 0x7F800000;
  const float scale = finite ? largest / 127.0F : __builtin_nanf("");
  args.scales[row] = scale;

  for (std::int64_t group = 0; group < layout.groups; ++group) {
    const bool last = group + 1 == layout.groups;
    const std::int64_t first = group * layout.group;
    const std::int64_t begin = group * layout.group_stride;
    const std::int64_t padded = last ? layout.stride - begin : layout.group_stride;
    std::int32_t sum = 0;
    if (scale > 0.0F) {
      sum = quantize_group(x + first, last ? layout.columns - first : layout.group, padded, _mm512_set1_ps(scale),
                           codes + begin);
    } else {
      __builtin_memset(codes + begin, 0, static_cast<unsigned long>(padded));
    }
    args.sums[row * layout.groups + group] = sum;
  }
}

void quantize_rows(const QuantizeRowsArgs& args) {
#pragma omp parallel for schedule(static) if (args.rows * args.layout.columns > 65'536)
  for (std::int64_t row = 0; row < args.rows; ++row) {
    quantize_row(args, row);
  }
}

// ---- products ----------------------------------------------------------------------------------------------------

struct Int8 {
  static constexpr int kOffset = 128;
  static constexpr int kQuads = 1;  // quads of four codes along K in 64 packed bytes
  /// Quad 0 of 16 columns as unsigned w + 128: flipping the sign bit adds 128.
  static __m512i quad(__m512i packed, int) { return _mm512_xor_si512(packed, _mm512_set1_epi8(-128)); }
};

struct Int4 {
  static constexpr int kOffset = 8;
  static constexpr int kQuads = 2;
  /// Quad 0 is in the low nibbles, quad 1 in the high ones, both as w + 8.
  static __m512i quad(__m512i packed, int index) {
    return _mm512_and_si512(index == 0 ? packed : _mm512_srli_epi16(packed, 4), _mm512_set1_epi8(15));
  }
};

__m512i broadcast_quad(const std::int8_t* codes) {
  std::int32_t quad;
  __builtin_memcpy(&quad, codes, sizeof quad);
  return _mm512_set1_epi32(quad);
}

/// Where a block of R rows and V panels starts.
struct Block {
  const std::int8_t* x;
  const std::int32_t* x_sums;
  const std::uint8_t* w;
  std::int64_t panel_bytes;
};

template <typename Format, int R, int V>
[[gnu::always_inline]] inline void group_sums(const Block& block, const CodeLayout& layout, std::int64_t group,
                                              __m512i (&sums)[R][V]) {
  constexpr std::int64_t kStep = 4 * Format::kQuads;
  const std::int64_t begin = group * layout.group_stride;
  const std::int64_t end = group + 1 < layout.groups ? begin + layout.group_stride : layout.stride;
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
    // Modulo 2^32, as the lanes compute: 128 times a large sum does not fit.
    const std::uint32_t offset =
        std::uint32_t{Format::kOffset} * static_cast<std::uint32_t>(block.x_sums[r * layout.groups + group]);
    const __m512i start = _mm512_set1_epi32(static_cast<int>(-offset));
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) {
      sums[r][v] = start;
    }
  }
  for (std::int64_t k = begin; k < end; k += kStep) {
    __m512i packed[V];
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) {
      packed[v] = _mm512_loadu_si512(block.w + v * block.panel_bytes + k / kStep * 64);
    }
#pragma GCC unroll 2
    for (int q = 0; q < Format::kQuads; ++q) {
      __m512i w[V];
#pragma GCC unroll 2
      for (int v = 0; v < V; ++v) {
        w[v] = Format::quad(packed[v], q);
      }
#pragma GCC unroll 8
      for (int r = 0; r < R; ++r) {
        const __m512i x = broadcast_quad(block.x + r * layout.stride + k + 4 * q);
#pragma GCC unroll 2
        for (int v = 0; v < V; ++v) {
          sums[r][v] = _mm512_dpbusd_epi32(sums[r][v], w[v], x);
        }
      }
    }
  }
}

/// R rows from `m` against V panels from `panel`.
template <typename Format, Output kOutput, bool kOneGroup, int R, int V>
void block(const Task& task, std::int64_t m, std::int64_t panel) {
  const PackedCodes& w = task.w;
  const CodeLayout layout = w.layout;
  const std::int64_t groups = kOneGroup ? 1 : layout.groups;
  const std::int64_t panel_bytes = layout.stride / (4 * Format::kQuads) * 64;
  const Block start{task.x.codes + m * layout.stride, task.x.sums + m * groups, w.codes + panel * panel_bytes,
                    panel_bytes};
  __m512 y[R][V];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) {
      y[r][v] = _mm512_setzero_ps();
    }
  }
  for (std::int64_t group = 0; group < groups; ++group) {
    __m512i sums[R][V];
    group_sums<Format, R, V>(start, layout, group, sums);
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) {
      const std::int64_t column = (panel + v) * kPanelColumns;
      const __m512 scale = _mm512_loadu_ps(w.scales + ((panel + v) * groups + group) * kPanelColumns);
#pragma GCC unroll 8
      for (int r = 0; r < R; ++r) {
        if constexpr (kOutput == Output::sums) {
          std::int32_t* out = static_cast<std::int32_t*>(task.y) + (group * task.x.rows + m + r) * w.n + column;
          _mm512_mask_storeu_epi32(out, first_lanes(w.n - column), sums[r][v]);
        } else {
          y[r][v] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sums[r][v]), scale, y[r][v]);
        }
      }
    }
  }
  if constexpr (kOutput == Output::linear) {
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) {
      const std::int64_t column = (panel + v) * kPanelColumns;
      const __mmask16 mask = first_lanes(w.n - column);
      const __m512 bias = task.bias == nullptr ? _mm512_setzero_ps() : _mm512_maskz_loadu_ps(mask, task.bias + column);
#pragma GCC unroll 8
      for (int r = 0; r < R; ++r) {
        const __m512 result = _mm512_fmadd_ps(y[r][v], _mm512_set1_ps(task.x.scales[m + r]), bias);
        _mm512_mask_storeu_ps(static_cast<float*>(task.y) + (m + r) * w.n + column, mask, result);
      }
    }
  }
}

/// All rows of a task against V panels: blocks of six rows, then one of what is left.
template <typename Format, Output kOutput, bool kOneGroup, int V>
void rows(const Task& task, std::int64_t begin, std::int64_t end, std::int64_t panel) {
  std::int64_t m = begin;
  for (; m + 6 <= end; m += 6) {
    block<Format, kOutput, kOneGroup, 6, V>(task, m, panel);
  }
  switch (end - m) {
    case 5:
      return block<Format, kOutput, kOneGroup, 5, V>(task, m, panel);
    case 4:
      return block<Format, kOutput, kOneGroup, 4, V>(task, m, panel);
    case 3:
      return block<Format, kOutput, kOneGroup, 3, V>(task, m, panel);
    case 2:
      return block<Format, kOutput, kOneGroup, 2, V>(task, m, panel);
    case 1:
      return block<Format, kOutput, kOneGroup, 1, V>(task, m, panel);
    default:
      return;
  }
}

template <typename Format, Output kOutput, bool kOneGroup>
void run(const Task& task) {
  const std::int64_t panels = (task.w.n + kPanelColumns - 1) / kPanelColumns;
  const std::int64_t row_blocks = (task.x.rows + kRowBlock - 1) / kRowBlock;
  const std::int64_t panel_blocks = (panels + kPanelBlock - 1) / kPanelBlock;
#pragma omp parallel for collapse(2) schedule(static)
  for (std::int64_t p = 0; p < panel_blocks; ++p) {
    for (std::int64_t b = 0; b < row_blocks; ++b) {
      const std::int64_t begin = b * kRowBlock;
      const std::int64_t end = begin + kRowBlock < task.x.rows ? begin + kRowBlock : task.x.rows;
      const std::int64_t panel = p * kPanelBlock;
      if (panel + kPanelBlock <= panels) {
        rows<Format, kOutput, kOneGroup, kPanelBlock>(task, begin, end, panel);
      } else {
        for (std::int64_t rest = panel; rest < panels; ++rest) {
          rows<Format, kOutput, kOneGroup, 1>(task, begin, end, rest);
        }
      }
    }
  }
}

template <typename Format, Output kOutput>
void dispatch(const Task& task) {
  if (task.w.layout.groups == 1) {
    run<Format, kOutput, true>(task);
  } else {
    run<Format, kOutput, false>(task);
  }
}

template <typename Format>
void product(const IntProductArgs& args) {
  dispatch<Format, Output::sums>(Task{args.x, args.w, nullptr, args.y});
}

template <typename Format>
void linear(const IntLinearArgs& args) {
  dispatch<Format, Output::linear>(Task{args.x, args.w, args.bias, args.y});
}

}  // namespace

IntKernels avx512vnni_int_kernels() {
  return {quantize_rows, product<Int8>, linear<Int8>, product<Int4>, linear<Int4>};
}

}  // namespace octet::cpu
