#include "tensor/cpu/avx2/lanes.h"
#include "tensor/cpu/kernels/panels.h"
#include "tensor/cpu/tables.h"
#include "tensor/kernels/trellis_code.h"

// AVX2, FP32 activations. Codes are unpacked to floats in registers, each used by all rows of the tile.

namespace octet::cpu {
namespace {

__m256i load(const std::uint8_t* bytes) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes));
}
__m128i load_half(const std::uint8_t* bytes) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes));
}

/// Two registers of eight columns, each lane with four codes (int8) or eight (nibbles) along K.
struct Int8 {
  static constexpr std::int64_t kStep = 4;  // values along K in a step
  static constexpr std::int64_t kBytes = 64;
  static constexpr Scales kScales = Scales::f32;
  using Packed = Ints16;

  static Packed load_step(const std::uint8_t* w) {  // flipping the sign bit takes the offset 128 out
    const __m256i offset = _mm256_set1_epi8(-128);
    return {_mm256_xor_si256(load(w), offset), _mm256_xor_si256(load(w + 32), offset)};
  }
  static Floats16 value(const Packed& p, int k, const float*) { return {half(p.low, k), half(p.high, k)}; }

 private:
  static __m256 half(__m256i bytes, int k) {
    return _mm256_cvtepi32_ps(_mm256_srai_epi32(_mm256_slli_epi32(bytes, 24 - 8 * k), 24));
  }
};

/// `vpermps` looks up eight levels; bit 3 of the nibble, moved to the sign, chooses between the two halves of the
/// table.
struct Nibbles {
  static constexpr std::int64_t kStep = 8;
  static constexpr std::int64_t kBytes = 64;
  static constexpr Scales kScales = Scales::f16;
  using Packed = Ints16;

  static Packed load_step(const std::uint8_t* w) { return {load(w), load(w + 32)}; }
  static Floats16 value(const Packed& p, int k, const float* levels) {
    const int bit = k < 4 ? 8 * k : 8 * (k - 4) + 4;
    return {half(p.low, bit, levels), half(p.high, bit, levels)};
  }

 private:
  static __m256 half(__m256i lanes, int bit, const float* levels) {
    const __m256i index = _mm256_srli_epi32(lanes, bit);
    const __m256 first = _mm256_permutevar8x32_ps(_mm256_loadu_ps(levels), index);
    const __m256 second = _mm256_permutevar8x32_ps(_mm256_loadu_ps(levels + 8), index);
    return _mm256_blendv_ps(first, second, _mm256_castsi256_ps(_mm256_slli_epi32(index, 28)));
  }
};

struct F16 {
  static constexpr std::int64_t kStep = 1;
  static constexpr std::int64_t kBytes = 32;
  static constexpr Scales kScales = Scales::none;
  struct Packed {
    __m128i low, high;
  };

  static Packed load_step(const std::uint8_t* w) { return {load_half(w), load_half(w + 16)}; }
  static Floats16 value(const Packed& p, int, const float*) {
    return {_mm256_cvtph_ps(p.low), _mm256_cvtph_ps(p.high)};
  }
};

struct Bf16 : F16 {
  static Floats16 value(const Packed& p, int, const float*) { return {half(p.low), half(p.high)}; }

 private:
  static __m256 half(__m128i halves) {  // the upper half of an FP32 number
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(halves), 16));
  }
};

/// The windows of 16 rows begin every kBits bits. `vpshufb` brings the four bytes around each to its lane, a shift and
/// a mask make the state of it; the bytes of its hash are added up in two steps, onto the bits of 2^16.
template <int kBits>
struct Trellis {
  static constexpr std::int64_t kStep = kTrellisTile;
  static constexpr std::int64_t kBytes = packed_tile_bytes(kBits);
  static constexpr Scales kScales = Scales::f16;
  struct Packed {
    const std::uint8_t* tile;
  };
  static Packed load_step(const std::uint8_t* w) { return {w}; }
  static Floats16 value(const Packed& p, int k, const float*) {
    const __m128i bytes = load_half(p.tile + 2 * kBits * k);
    const __m256i twice = _mm256_broadcastsi128_si256(bytes);
    return {half<0>(twice), half<8>(twice)};
  }

 private:
  template <int kFirst>
  static __m256 half(__m256i ring) {
    const __m256i rows = _mm256_add_epi32(_mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7), _mm256_set1_epi32(kFirst));
    const __m256i bits = _mm256_mullo_epi32(rows, _mm256_set1_epi32(kBits));
    const __m256i first = _mm256_mullo_epi32(_mm256_srli_epi32(bits, 3), _mm256_set1_epi32(0x01010101));
    const __m256i words = _mm256_shuffle_epi8(ring, _mm256_add_epi32(first, _mm256_set1_epi32(0x03020100)));
    const __m256i windows = _mm256_srlv_epi32(words, _mm256_and_si256(bits, _mm256_set1_epi32(7)));
    const __m256i states = _mm256_and_si256(windows, _mm256_set1_epi32(kTrellisStateMask));
    const __m256i hashes = _mm256_add_epi32(_mm256_mullo_epi32(states, _mm256_set1_epi32(kTrellisFactor)),
                                            _mm256_set1_epi32(kTrellisAddend));
    const __m256i pairs = _mm256_maddubs_epi16(hashes, _mm256_set1_epi8(1));  // at most 510: no saturation
    const __m256i sums = _mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
    const __m256i floats = _mm256_add_epi32(sums, _mm256_set1_epi32(kTrellisMagic));
    return _mm256_sub_ps(_mm256_castsi256_ps(floats), _mm256_set1_ps(kTrellisZero));
  }
};

template <typename Weights>
struct FloatFormat {
  using Rows = FloatRows;
  using Sums = Floats16;
  static constexpr Scales kScales = Weights::kScales;
  static constexpr int kTallRows = 4, kTallPanels = 1;

  template <int R, int V>
  [[gnu::always_inline]] static inline void group(const Task<FloatRows>& task, std::int64_t m, std::int64_t panel,
                                                  std::int64_t group, Floats16 (&sums)[R][V]) {
    static_assert(V == 1);
    const CodeLayout& layout = task.w.layout;
    const float* x = task.x.x + m * layout.stride;
    const std::uint8_t* w = task.w.codes + panel * (layout.stride / Weights::kStep * Weights::kBytes);
    for (int r = 0; r < R; ++r) {
      sums[r][0] = Avx2::broadcast(0.0F);
    }
    const std::int64_t end = layout.end(group);
    for (std::int64_t k = layout.begin(group); k < end; k += Weights::kStep) {
      const auto packed = Weights::load_step(w + k / Weights::kStep * Weights::kBytes);
#pragma GCC unroll 8
      for (int i = 0; i < static_cast<int>(Weights::kStep); ++i) {
        const Floats16 weights = Weights::value(packed, i, task.w.levels);
#pragma GCC unroll 4
        for (int r = 0; r < R; ++r) {
          sums[r][0] = Avx2::multiply_add(weights, Avx2::broadcast(x[r * layout.stride + k + i]), sums[r][0]);
        }
      }
    }
  }
  static Floats16 to_float(Floats16 sums) {
    return sums;
  }
  static float row_scale(const FloatRows&, std::int64_t) {
    return 1.0F;
  }
  static float x_sum(const FloatRows& x, std::int64_t index) {
    return x.sums[index];
  }
};

void trellis_weights(const WeightLinearArgs& args) {
  const auto product = args.w.trellis_bits == 2   ? packed_linear<Avx2, FloatFormat<Trellis<2>>>
                       : args.w.trellis_bits == 3 ? packed_linear<Avx2, FloatFormat<Trellis<3>>>
                                                  : packed_linear<Avx2, FloatFormat<Trellis<4>>>;
  product(args);
}

}  // namespace

WeightKernels avx2_weight_kernels() {
  return {
      .int8_weights = packed_linear<Avx2, FloatFormat<Int8>>,
      .nibble_weights = packed_linear<Avx2, FloatFormat<Nibbles>>,
      .f16_weights = packed_linear<Avx2, FloatFormat<F16>>,
      .bf16_weights = packed_linear<Avx2, FloatFormat<Bf16>>,
      .trellis_weights = trellis_weights,
      .pad_rows = pad_rows,
      .group_sums = group_sums,
      .unpack_rows = unpack_rows,
      .unpack_columns = unpack_columns,
  };
}

}  // namespace octet::cpu
