#include "tensor/cpu/avx512/quantize.h"
#include "tensor/cpu/kernels/panels.h"
#include "tensor/cpu/kernels/quantize_rows.h"
#include "tensor/cpu/kernels/unrolled.h"
#include "tensor/cpu/tables.h"

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

// How far a product with one row asks for its weights and its scales in advance: its V panels are as many streams, each
// too short for the machine to foresee. What lies beyond the end of a panel is asked for from the one that the next
// tile reads in its place, V panels on.
constexpr std::int64_t kStepsAhead = 16;  // of 64 bytes
constexpr std::int64_t kGroupsAhead = 16;

/// Asks for the scales of a later group, and for what goes with them where weights have a minimum.
template <int V, Scales kScales>
[[gnu::always_inline]] inline void prefetch_scales(const PackedCodes& w, std::int64_t panel, std::int64_t group) {
  const std::int64_t groups = w.layout.groups, later = group + kGroupsAhead;
  const std::int64_t next = later < groups ? later : later + (V - 1) * groups;
  const std::int64_t first = (panel * groups + next) * kPanelColumns, stride = groups * kPanelColumns;
  unrolled<V>([&](auto v) OCTET_INLINE {
    if constexpr (kScales == Scales::f16) {
      __builtin_prefetch(w.half_scales + first + v * stride);
    } else {
      __builtin_prefetch(w.scales + first + v * stride);
    }
  });
  if (w.offsets != nullptr) {
    unrolled<V>([&](auto v) OCTET_INLINE { __builtin_prefetch(w.offsets + first + v * stride); });
  }
}

struct Int8 {
  static constexpr Scales kScales = Scales::f32;
  // 6 x 4 sums, 4 weights and a broadcast value fill 29 of 32 registers; 12 x 2 needs more loads and is 10 % slower.
  static constexpr int kTallRows = 6, kTallPanels = 4;
  static constexpr std::int64_t kStep = 4;  // codes along K in 64 packed bytes
  static constexpr int kQuads = 1;
  static constexpr int kShift = 0;  // sums are 2^kShift times the exact ones
  explicit Int8(const PackedCodes&) {}
  __m512i quad(__m512i packed, int) const { return packed; }
};

/// Nibbles are used as 16 (w + 8): the high one needs a mask, the low one a shift too, and both have the offset 128 of
/// int8. The sums are 16 times too large, which is taken back without rounding.
struct Int4 {
  static constexpr Scales kScales = Scales::f16;
  // Nibbles are unpacked for all rows of a tile, so it is tall; a row more leaves no room for the mask (GCC 12).
  static constexpr int kTallRows = 11, kTallPanels = 2;
  static constexpr std::int64_t kStep = 8;
  static constexpr int kQuads = 2;
  static constexpr int kShift = 4;
  explicit Int4(const PackedCodes&) {}
  __m512i quad(__m512i packed, int index) const {
    const __m512i high = index == 0 ? _mm512_slli_epi16(packed, 4) : packed;
    return _mm512_and_si512(high, _mm512_set1_epi8(static_cast<char>(0xF0)));
  }
};

/// `vpshufb` looks up 64 nibbles at once in the table of levels + 128.
struct Table4 {
  static constexpr Scales kScales = Scales::f16;
  static constexpr int kTallRows = 11, kTallPanels = 2;
  static constexpr std::int64_t kStep = 8;
  static constexpr int kQuads = 2;
  static constexpr int kShift = 0;
  __m512i levels;

  explicit Table4(const PackedCodes& w)
      : levels(_mm512_broadcast_i32x4(_mm_loadu_si128(reinterpret_cast<const __m128i*>(w.level_bytes)))) {}
  __m512i quad(__m512i packed, int index) const {
    const __m512i low = index == 0 ? packed : _mm512_srli_epi16(packed, 4);
    return _mm512_shuffle_epi8(levels, _mm512_and_si512(low, _mm512_set1_epi8(15)));
  }
};

template <typename Codes>
struct IntFormat {
  using Rows = CodeRows;
  using Sums = Sums16;
  static constexpr Scales kScales = Codes::kScales;
  static constexpr int kTallRows = Codes::kTallRows, kTallPanels = Codes::kTallPanels;
  static constexpr float kUnit = 1 << Codes::kShift;

  template <int R, int V>
  [[gnu::always_inline]] static inline void group(const Task<CodeRows>& task, std::int64_t m, std::int64_t panel,
                                                  std::int64_t group, Sums16 (&sums)[R][V]) {
    const Codes format(task.w);
    const CodeLayout& layout = task.w.layout;
    const std::int64_t begin = layout.begin(group), steps = (layout.end(group) - begin) / Codes::kStep;
    const std::int64_t panel_bytes = layout.stride / Codes::kStep * 64;
    const std::int8_t* x = task.x.codes + m * layout.stride + begin;
    const std::uint8_t* w = task.w.codes + panel * panel_bytes + begin / Codes::kStep * 64;
    unrolled<R>([&](auto r) OCTET_INLINE {
      const auto start = (Sums16)_mm512_set1_epi32(task.x.corrections[(m + r) * layout.groups + group]);
      unrolled<V>([&](auto v) OCTET_INLINE { sums[r][v] = start; });
    });
    if constexpr (R == 1) {
      if (layout.groups > 1) {
        prefetch_scales<V, Codes::kScales>(task.w, panel, group);
      }
    }
    // The step from which on later bytes are those of the next tile.
    const std::int64_t last_own = panel_bytes / 64 - begin / Codes::kStep - kStepsAhead;
    const std::uint8_t* later = w + kStepsAhead * 64 + (last_own <= 0 ? (V - 1) * panel_bytes : 0);
    for (std::int64_t step = 0; step < steps; ++step, x += Codes::kStep, w += 64, later += 64) {
      if (R == 1 && step > 0 && step == last_own) {
        later += (V - 1) * panel_bytes;
      }
      __m512i packed[V];
      unrolled<V>([&](auto v) OCTET_INLINE {
        packed[v] = _mm512_loadu_si512(w + v * panel_bytes);
        if constexpr (R == 1) {  // as fast as the memory: several streams, asked for long before they are used
          __builtin_prefetch(later + v * panel_bytes);
        }
      });
      unrolled<Codes::kQuads>([&](auto q) OCTET_INLINE {
        __m512i codes[V];
        unrolled<V>([&](auto v) OCTET_INLINE { codes[v] = format.quad(packed[v], q); });
        unrolled<R>([&](auto r) OCTET_INLINE {
          const __m512i four = broadcast_quad(x + r * layout.stride + 4 * q);
          unrolled<V>([&](auto v) OCTET_INLINE { sums[r][v] = add_products(sums[r][v], codes[v], four); });
        });
      });
    }
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
  return {quantize_rows,
          packed_product<Avx512, IntFormat<Int8>>,
          packed_linear<Avx512, IntFormat<Int8>>,
          packed_product<Avx512, IntFormat<Int4>>,
          packed_linear<Avx512, IntFormat<Int4>>,
          packed_product<Avx512, IntFormat<Table4>>,
          packed_linear<Avx512, IntFormat<Table4>>};
}

}  // namespace octet::cpu
