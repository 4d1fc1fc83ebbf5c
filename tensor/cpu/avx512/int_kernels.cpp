#include "tensor/cpu/avx512/quantize.h"
#include "tensor/cpu/kernels/panels.h"
#include "tensor/cpu/kernels/quantize_rows.h"
#include "tensor/cpu/packed_tables.h"

// AVX-512 with VNNI. `vpdpbusd` adds four products of unsigned and signed bytes to each int32 lane. Weights are the
// unsigned ones, w + 128, and a sum starts at the correction -128 * sum(x), which takes the offset out again. Sums are
// exact modulo 2^32, so the larger values in between do no harm.
//
// This file obeys the rules for instruction sets: everything is local, no standard library templates.

namespace octet::cpu {
namespace {

__m512i broadcast_quad(const std::int8_t* codes) {
  std::int32_t quad;
  __builtin_memcpy(&quad, codes, sizeof quad);
  return _mm512_set1_epi32(quad);
}

struct Int8 {
  static constexpr std::int64_t kStep = 4;  // codes along K in 64 packed bytes
  static constexpr int kQuads = 1;
  static constexpr int kShift = 0;  // sums are 2^kShift times the exact ones
  static __m512i quad(__m512i packed, int) { return packed; }
};

/// Nibbles are used as 16 (w + 8): the high one needs a mask, the low one a shift too, and both have the offset 128 of
/// int8. The sums are 16 times too large, which is taken back without rounding.
struct Int4 {
  static constexpr std::int64_t kStep = 8;
  static constexpr int kQuads = 2;
  static constexpr int kShift = 4;
  static __m512i quad(__m512i packed, int index) {
    const __m512i high = index == 0 ? _mm512_slli_epi16(packed, 4) : packed;
    return _mm512_and_si512(high, _mm512_set1_epi8(static_cast<char>(0xF0)));
  }
};

template <typename Codes>
struct IntFormat {
  using Rows = CodeRows;
  using Sums = __m512i;
  static constexpr bool kHasScales = true;
  static constexpr float kUnit = 1 << Codes::kShift;

  template <int R, int V>
  [[gnu::always_inline]] static inline void group(const Task<CodeRows>& task, std::int64_t m, std::int64_t panel,
                                                  std::int64_t group, __m512i (&sums)[R][V]) {
    const CodeLayout& layout = task.w.layout;
    const std::int64_t panel_bytes = layout.stride / Codes::kStep * 64;
    const std::int8_t* x = task.x.codes + m * layout.stride;
    const std::uint8_t* w = task.w.codes + panel * panel_bytes;
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) {
        sums[r][v] = _mm512_set1_epi32(task.x.corrections[(m + r) * layout.groups + group]);
      }
    }
    const std::int64_t end = layout.end(group);
    for (std::int64_t k = layout.begin(group); k < end; k += Codes::kStep) {
      __m512i packed[V];
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) {
        packed[v] = _mm512_loadu_si512(w + v * panel_bytes + k / Codes::kStep * 64);
      }
#pragma GCC unroll 2
      for (int q = 0; q < Codes::kQuads; ++q) {
        __m512i codes[V];
#pragma GCC unroll 4
        for (int v = 0; v < V; ++v) {
          codes[v] = Codes::quad(packed[v], q);
        }
#pragma GCC unroll 16
        for (int r = 0; r < R; ++r) {
          const __m512i four = broadcast_quad(x + r * layout.stride + k + 4 * q);
#pragma GCC unroll 4
          for (int v = 0; v < V; ++v) {
            sums[r][v] = _mm512_dpbusd_epi32(sums[r][v], codes[v], four);
          }
        }
      }
    }
  }
  static __m512i exact(__m512i sums) {
    return _mm512_srai_epi32(sums, Codes::kShift);
  }
  static __m512 to_float(__m512i sums) {
    return _mm512_cvtepi32_ps(sums);
  }
  static float row_scale(const CodeRows& x, std::int64_t m) {
    return x.scales[m] / kUnit;
  }
  static float x_sum(const CodeRows& x, std::int64_t index) {
    return static_cast<float>(x.corrections[index]) * (kUnit / -128.0F);
  }
};

}  // namespace

IntKernels avx512vnni_int_kernels() {
  return {quantize_rows, int_product<Avx512, IntFormat<Int8>>, int_linear<Avx512, IntFormat<Int8>>,
          int_product<Avx512, IntFormat<Int4>>, int_linear<Avx512, IntFormat<Int4>>};
}

}  // namespace octet::cpu
