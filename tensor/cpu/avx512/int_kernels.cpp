#include "tensor/cpu/avx512/quantize.h"
#include "tensor/cpu/kernels/panels.h"
#include "tensor/cpu/kernels/quantize_rows.h"
#include "tensor/cpu/kernels/unrolled.h"
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

/// Sums have a type of their own because GCC 12 copies each __m512i sum at every step (it changes its mode from 8 x
/// int64 to 16 x int32 and back), which takes a third of the time and half of the registers.
using Sums16 = int __attribute__((vector_size(64)));

Sums16 add_products(Sums16 sums, __m512i w, __m512i x) {
  return (Sums16)_mm512_dpbusd_epi32((__m512i)sums, w, x);
}

/// A step is eight codes of each column: two quads.
constexpr std::int64_t kStep = kCodeStep;
constexpr int kQuads = 2;
// How far a product with one row asks for its weights in advance.
constexpr std::int64_t kBytesAhead = 1024;

struct Int8 {
  // 12 x 2 sums, 2 weights and a broadcast value fill 27 of 32 registers: weights that are loaded once serve 12 rows.
  static constexpr int kTallRows = 12;
  static constexpr Scales kScales = Scales::f32;
  static constexpr std::int64_t kStepBytes = 128;
  static constexpr int kShift = 0;  // sums are 2^kShift times the exact ones
  static __m512i quad(const std::uint8_t* step, int index) { return _mm512_loadu_si512(step + 64 * index); }
};

/// Nibbles are used as 16 (w + 8): the high one needs a mask, the low one a shift too, and both have the offset 128 of
/// int8. The sums are 16 times too large, which is taken back without rounding.
struct Int4 {
  // One row fewer leaves room for the mask and the other nibbles: 9 % faster than 12 (groups of 32, GCC 12).
  static constexpr int kTallRows = 11;
  static constexpr Scales kScales = Scales::f16;
  static constexpr std::int64_t kStepBytes = 64;
  static constexpr int kShift = 4;
  static __m512i quad(const std::uint8_t* step, int index) {
    const __m512i packed = _mm512_loadu_si512(step);
    const __m512i high = index == 0 ? _mm512_slli_epi16(packed, 4) : packed;
    return _mm512_and_si512(high, _mm512_set1_epi8(static_cast<char>(0xF0)));
  }
};

template <typename Codes>
struct IntFormat {
  using Rows = CodeRows;
  using Sums = Sums16;
  static constexpr Scales kScales = Codes::kScales;
  static constexpr int kTallRows = Codes::kTallRows;
  static constexpr float kUnit = 1 << Codes::kShift;

  template <int R, int V>
  [[gnu::always_inline]] static inline void group(const Task<CodeRows>& task, std::int64_t m, std::int64_t panel,
                                                  std::int64_t group, Sums16 (&sums)[R][V]) {
    const CodeLayout& layout = task.w.layout;
    const std::int64_t begin = layout.begin(group), steps = (layout.end(group) - begin) / kStep;
    const std::int64_t panel_bytes = layout.stride / kStep * Codes::kStepBytes;
    const std::int8_t* x = task.x.codes + m * layout.stride + begin;
    const std::uint8_t* w = task.w.codes + panel * panel_bytes + begin / kStep * Codes::kStepBytes;
    // An addition takes 5 cycles: with few sums each quad has its own, so that they need not wait for each other.
    constexpr int kChains = R * V < 8 ? kQuads : 1;
    Sums16 chains[kChains][R][V];
    unrolled<R>([&](auto r) OCTET_INLINE {
      const auto start = (Sums16)_mm512_set1_epi32(task.x.corrections[(m + r) * layout.groups + group]);
      unrolled<V>([&](auto v) OCTET_INLINE {
        chains[0][r][v] = start;
        if constexpr (kChains == 2) {
          chains[1][r][v] = Sums16{};
        }
      });
    });
    if constexpr (R == 1 && Codes::kScales == Scales::f16) {
      unrolled<V>([&](auto v) OCTET_INLINE {
        __builtin_prefetch(task.w.half_scales + ((panel + v) * layout.groups + group + 16) * kPanelColumns);
      });
    }
    for (std::int64_t step = 0; step < steps; ++step, x += kStep, w += Codes::kStepBytes) {
      if constexpr (R == 1) {  // as fast as the memory: one stream, asked for long before it is used
        for (std::int64_t line = 0; line < Codes::kStepBytes; line += 64) {
          unrolled<V>([&](auto v) OCTET_INLINE { __builtin_prefetch(w + v * panel_bytes + kBytesAhead + line); });
        }
      }
      unrolled<kQuads>([&](auto q) OCTET_INLINE {
        __m512i codes[V];
        unrolled<V>([&](auto v) OCTET_INLINE { codes[v] = Codes::quad(w + v * panel_bytes, q); });
        unrolled<R>([&](auto r) OCTET_INLINE {
          const __m512i four = broadcast_quad(x + r * layout.stride + 4 * q);
          unrolled<V>([&](auto v) OCTET_INLINE {
            Sums16& sum = chains[q % kChains][r][v];
            sum = add_products(sum, codes[v], four);
          });
        });
      });
    }
    unrolled<R * V>([&](auto i) OCTET_INLINE {
      sums[i / V][i % V] = chains[0][i / V][i % V];
      if constexpr (kChains == 2) {
        sums[i / V][i % V] += chains[1][i / V][i % V];
      }
    });
  }
  static __m512i exact(Sums16 sums) { return _mm512_srai_epi32((__m512i)sums, Codes::kShift); }
  static __m512 to_float(Sums16 sums) { return _mm512_cvtepi32_ps((__m512i)sums); }
  static float row_scale(const CodeRows& x, std::int64_t m) { return x.scales[m] / kUnit; }
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
