#include "tensor/cpu/avx2/quantize.h"
#include "tensor/cpu/kernels/panels.h"
#include "tensor/cpu/kernels/quantize_rows.h"
#include "tensor/cpu/tables.h"

// AVX2. `vpmaddubsw` adds two neighbouring products of unsigned and signed bytes in int16 with saturation, so it must
// not see more than 32,767. int8: |x| times sign(x) w gives at most 2 * 127 * 127 = 32,258. int4: w + 8 is unsigned
// and at most 15, so even eight such sums, 8 * 2 * 15 * 127 = 30,480, fit. table4: its levels are multiplied like int8.
//
// This file obeys the rules for instruction sets: everything is local, no standard library templates.

namespace octet::cpu {
namespace {

__m256i broadcast_quad(const std::int8_t* codes) {
  std::int32_t quad;
  __builtin_memcpy(&quad, codes, sizeof quad);
  return _mm256_set1_epi32(quad);
}

__m256i load(const std::uint8_t* bytes) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes));
}

/// Int16 pairs to int32 sums of four.
__m256i widen(__m256i pairs) {
  return _mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
}

/// sum + x w, four products a lane.
__m256i add_products(__m256i sum, __m256i x, __m256i w) {
  return _mm256_add_epi32(sum, widen(_mm256_maddubs_epi16(_mm256_abs_epi8(x), _mm256_sign_epi8(w, x))));
}

/// What the int formats share with panels.h.
struct IntFormat {
  using Rows = CodeRows;
  using Sums = Ints16;
  // 6 of 16 registers for sums; 2 weights and the temporaries of a row fill the rest.
  static constexpr int kTallRows = 3, kTallPanels = 1;

  static Ints16 exact(Ints16 sums) { return sums; }
  static Floats16 to_float(Ints16 sums) { return {_mm256_cvtepi32_ps(sums.low), _mm256_cvtepi32_ps(sums.high)}; }
  static float row_scale(const CodeRows& x, std::int64_t m) { return x.scales[m]; }
  static float x_sum(const CodeRows& x, std::int64_t index) {
    return static_cast<float>(x.corrections[index]) * (-1.0F / 128.0F);
  }
};

struct Int8 : IntFormat {
  static constexpr Scales kScales = Scales::f32;

  template <int R, int V>
  [[gnu::always_inline]] static inline void group(const Task<CodeRows>& task, std::int64_t m, std::int64_t panel,
                                                  std::int64_t group, Ints16 (&sums)[R][V]) {
    static_assert(V == 1);
    const CodeLayout& layout = task.w.layout;
    const std::int8_t* x = task.x.codes + m * layout.stride;
    const std::uint8_t* w = task.w.codes + panel * layout.stride * 16;
    const __m256i offset = _mm256_set1_epi8(-128);
    for (int r = 0; r < R; ++r) {
      sums[r][0] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
    }
    const std::int64_t end = layout.end(group);
    for (std::int64_t k = layout.begin(group); k < end; k += 4) {
      // Flipping the sign bit takes the offset 128 out.
      const __m256i low = _mm256_xor_si256(load(w + k * 16), offset);
      const __m256i high = _mm256_xor_si256(load(w + k * 16 + 32), offset);
#pragma GCC unroll 4
      for (int r = 0; r < R; ++r) {
        const __m256i quad = broadcast_quad(x + r * layout.stride + k);
        sums[r][0].low = add_products(sums[r][0].low, quad, low);
        sums[r][0].high = add_products(sums[r][0].high, quad, high);
      }
    }
  }
};

struct Int4 : IntFormat {
  static constexpr Scales kScales = Scales::f16;
  static constexpr std::int64_t kExactInInt16 = 32;  // codes along K: eight quads, see the top of this file

  template <int R, int V>
  [[gnu::always_inline]] static inline void group(const Task<CodeRows>& task, std::int64_t m, std::int64_t panel,
                                                  std::int64_t group, Ints16 (&sums)[R][V]) {
    static_assert(V == 1);
    const CodeLayout& layout = task.w.layout;
    const std::uint8_t* w = task.w.codes + panel * layout.stride * 8;
    for (int r = 0; r < R; ++r) {  // -128 sum(x) / 16 takes the 8 of w + 8 out again
      const __m256i start = _mm256_set1_epi32(task.x.corrections[(m + r) * layout.groups + group] >> 4);
      sums[r][0] = {start, start};
    }
    const std::int64_t end = layout.end(group);
    for (std::int64_t first = layout.begin(group); first < end; first += kExactInInt16) {
      const std::int64_t last = first + kExactInInt16 < end ? first + kExactInInt16 : end;
      Ints16 pairs[R];
      for (int r = 0; r < R; ++r) {
        pairs[r] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
      }
      for (std::int64_t k = first; k < last; k += 8) {
        const std::int8_t* x = task.x.codes + m * layout.stride + k;
        add_pairs<R>(load(w + k * 8), x, layout.stride, [&](int r) -> __m256i& { return pairs[r].low; });
        add_pairs<R>(load(w + k * 8 + 32), x, layout.stride, [&](int r) -> __m256i& { return pairs[r].high; });
      }
      for (int r = 0; r < R; ++r) {
        sums[r][0].low = _mm256_add_epi32(sums[r][0].low, widen(pairs[r].low));
        sums[r][0].high = _mm256_add_epi32(sums[r][0].high, widen(pairs[r].high));
      }
    }
  }

 private:
  /// Eight codes of eight columns times those of R rows, as sums of pairs in int16.
  template <int R, typename Pairs>
  [[gnu::always_inline]] static inline void add_pairs(__m256i packed, const std::int8_t* x, std::int64_t stride,
                                                      Pairs pairs) {
    const __m256i nibble = _mm256_set1_epi8(15);
    const __m256i low = _mm256_and_si256(packed, nibble);
    const __m256i high = _mm256_and_si256(_mm256_srli_epi16(packed, 4), nibble);
#pragma GCC unroll 4
    for (int r = 0; r < R; ++r) {
      const __m256i p0 = _mm256_maddubs_epi16(low, broadcast_quad(x + r * stride));
      const __m256i p1 = _mm256_maddubs_epi16(high, broadcast_quad(x + r * stride + 4));
      pairs(r) = _mm256_add_epi16(pairs(r), _mm256_add_epi16(p0, p1));
    }
  }
};

/// `vpshufb` looks up 32 nibbles at once; what it finds is multiplied as int8 is.
struct Table4 : IntFormat {
  static constexpr Scales kScales = Scales::f16;

  template <int R, int V>
  [[gnu::always_inline]] static inline void group(const Task<CodeRows>& task, std::int64_t m, std::int64_t panel,
                                                  std::int64_t group, Ints16 (&sums)[R][V]) {
    static_assert(V == 1);
    const CodeLayout& layout = task.w.layout;
    const std::uint8_t* w = task.w.codes + panel * layout.stride * 8;
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(task.w.level_bytes));
    // Flipping the sign bit takes the offset 128 out.
    const __m256i levels = _mm256_broadcastsi128_si256(_mm_xor_si128(bytes, _mm_set1_epi8(-128)));
    for (int r = 0; r < R; ++r) {
      sums[r][0] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
    }
    const std::int64_t end = layout.end(group);
    for (std::int64_t k = layout.begin(group); k < end; k += 8) {
      const Ints16 packed = {load(w + k * 8), load(w + k * 8 + 32)};
#pragma GCC unroll 2
      for (int q = 0; q < 2; ++q) {
        const __m256i low = look_up(levels, packed.low, q), high = look_up(levels, packed.high, q);
#pragma GCC unroll 4
        for (int r = 0; r < R; ++r) {
          const __m256i quad = broadcast_quad(task.x.codes + (m + r) * layout.stride + k + 4 * q);
          sums[r][0].low = add_products(sums[r][0].low, quad, low);
          sums[r][0].high = add_products(sums[r][0].high, quad, high);
        }
      }
    }
  }

 private:
  static __m256i look_up(__m256i levels, __m256i packed, int quad) {
    const __m256i nibbles = quad == 0 ? packed : _mm256_srli_epi16(packed, 4);
    return _mm256_shuffle_epi8(levels, _mm256_and_si256(nibbles, _mm256_set1_epi8(15)));
  }
};

}  // namespace

IntKernels avx2_int_kernels() {
  return {quantize_rows,
          packed_product<Avx2, Int8>,
          packed_linear<Avx2, Int8>,
          packed_product<Avx2, Int4>,
          packed_linear<Avx2, Int4>,
          packed_product<Avx2, Table4>,
          packed_linear<Avx2, Table4>};
}

}  // namespace octet::cpu
