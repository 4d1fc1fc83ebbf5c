#include "tensor/cpu/avx512/lanes.h"
#include "tensor/cpu/kernels/panels.h"
#include "tensor/cpu/tables.h"
#include "tensor/kernels/trellis_code.h"

// AVX-512, FP32 activations. Codes are unpacked to floats in registers: a step of one panel gives the weights of 16
// columns for several k, each used by all rows of the tile.

namespace octet::cpu {
namespace {

struct Int8 {
  static constexpr std::int64_t kStep = 4;  // values along K in a step
  static constexpr std::int64_t kBytes = 64;
  static constexpr Scales kScales = Scales::f32;
  struct Packed {
    __m512i bytes;
  };
  static Packed load_step(const std::uint8_t* w) {  // flipping the sign bit takes the offset 128 out
    return {_mm512_xor_si512(_mm512_loadu_si512(w), _mm512_set1_epi8(-128))};
  }
  static __m512 value(const Packed& p, unsigned k, const __m512&) {
    return _mm512_cvtepi32_ps(_mm512_srai_epi32(_mm512_slli_epi32(p.bytes, 24 - 8 * k), 24));
  }
};

/// The low four bits of a lane choose one of 16 levels: `vpermps` is the table lookup.
struct Nibbles {
  static constexpr std::int64_t kStep = 8;
  static constexpr std::int64_t kBytes = 64;
  static constexpr Scales kScales = Scales::f16;
  struct Packed {
    __m512i bytes;
  };
  static Packed load_step(const std::uint8_t* w) { return {_mm512_loadu_si512(w)}; }
  static __m512 value(const Packed& p, unsigned k, const __m512& levels) {
    const unsigned bit = k < 4 ? 8 * k : 8 * (k - 4) + 4;
    return _mm512_permutexvar_ps(_mm512_srli_epi32(p.bytes, bit), levels);
  }
};

struct F16 {
  static constexpr std::int64_t kStep = 1;
  static constexpr std::int64_t kBytes = 32;
  static constexpr Scales kScales = Scales::none;
  struct Packed {
    __m256i halves;
  };
  static Packed load_step(const std::uint8_t* w) { return {_mm256_loadu_si256(reinterpret_cast<const __m256i*>(w))}; }
  static __m512 value(const Packed& p, unsigned, const __m512&) { return _mm512_cvtph_ps(p.halves); }
};

struct Bf16 : F16 {
  static __m512 value(const Packed& p, unsigned, const __m512&) {  // the upper half of an FP32 number
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(p.halves), 16));
  }
};

/// The windows of 16 rows begin every kBits bits. `vpshufb` brings the four bytes around each to its lane, a shift and
/// a mask make the state of it, and `vpdpbusd` with ones adds the bytes of its hash up, onto the bits of 2^16.
template <int kBits>
struct Trellis {
  static constexpr std::int64_t kStep = kTrellisTile;
  static constexpr std::int64_t kBytes = packed_tile_bytes(kBits);
  static constexpr Scales kScales = Scales::f16;
  struct Packed {
    const std::uint8_t* tile;
  };
  static Packed load_step(const std::uint8_t* w) { return {w}; }
  static __m512 value(const Packed& p, unsigned k, const __m512&) {
    const __m512i bits = _mm512_mullo_epi32(_mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
                                            _mm512_set1_epi32(kBits));
    const __m512i first = _mm512_mullo_epi32(_mm512_srli_epi32(bits, 3), _mm512_set1_epi32(0x01010101));
    const __m512i bytes = _mm512_add_epi32(first, _mm512_set1_epi32(0x03020100));
    const auto* from = reinterpret_cast<const __m128i*>(p.tile + 2 * kBits * k);
    const __m512i words = _mm512_shuffle_epi8(_mm512_broadcast_i32x4(_mm_loadu_si128(from)), bytes);
    const __m512i windows = _mm512_srlv_epi32(words, _mm512_and_si512(bits, _mm512_set1_epi32(7)));
    const __m512i states = _mm512_and_si512(windows, _mm512_set1_epi32(kTrellisStateMask));
    const __m512i hashes = _mm512_add_epi32(_mm512_mullo_epi32(states, _mm512_set1_epi32(kTrellisFactor)),
                                            _mm512_set1_epi32(kTrellisAddend));
    const __m512i sums = _mm512_dpbusd_epi32(_mm512_set1_epi32(kTrellisMagic), hashes, _mm512_set1_epi8(1));
    return _mm512_sub_ps(_mm512_castsi512_ps(sums), _mm512_set1_ps(kTrellisZero));
  }
};

template <typename Weights>
struct FloatFormat {
  using Rows = FloatRows;
  using Sums = __m512;
  static constexpr Scales kScales = Weights::kScales;
  static constexpr int kTallRows = 12, kTallPanels = 2;

  template <int R, int V>
  [[gnu::always_inline]] static inline void group(const Task<FloatRows>& task, std::int64_t m, std::int64_t panel,
                                                  std::int64_t group, __m512 (&sums)[R][V]) {
    const CodeLayout& layout = task.w.layout;
    const std::int64_t panel_bytes = layout.stride / Weights::kStep * Weights::kBytes;
    const float* x = task.x.x + m * layout.stride;
    const std::uint8_t* w = task.w.codes + panel * panel_bytes;
    const __m512 levels = task.w.levels == nullptr ? _mm512_setzero_ps() : _mm512_loadu_ps(task.w.levels);
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) {
        sums[r][v] = _mm512_setzero_ps();
      }
    }
    const std::int64_t end = layout.end(group);
    for (std::int64_t k = layout.begin(group); k < end; k += Weights::kStep) {
      typename Weights::Packed packed[V];
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) {
        packed[v] = Weights::load_step(w + v * panel_bytes + k / Weights::kStep * Weights::kBytes);
      }
#pragma GCC unroll 8
      for (unsigned i = 0; i < Weights::kStep; ++i) {
        __m512 weights[V];
#pragma GCC unroll 4
        for (int v = 0; v < V; ++v) {
          weights[v] = Weights::value(packed[v], i, levels);
        }
#pragma GCC unroll 16
        for (int r = 0; r < R; ++r) {
          const __m512 value = _mm512_set1_ps(x[r * layout.stride + k + i]);
#pragma GCC unroll 4
          for (int v = 0; v < V; ++v) {
            sums[r][v] = _mm512_fmadd_ps(weights[v], value, sums[r][v]);
          }
        }
      }
    }
  }
  static __m512 to_float(__m512 sums) {
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
  const auto product = args.w.trellis_bits == 2   ? packed_linear<Avx512, FloatFormat<Trellis<2>>>
                       : args.w.trellis_bits == 3 ? packed_linear<Avx512, FloatFormat<Trellis<3>>>
                                                  : packed_linear<Avx512, FloatFormat<Trellis<4>>>;
  product(args);
}

}  // namespace

WeightKernels avx512vnni_weight_kernels() {
  return {
      .int8_weights = packed_linear<Avx512, FloatFormat<Int8>>,
      .nibble_weights = packed_linear<Avx512, FloatFormat<Nibbles>>,
      .f16_weights = packed_linear<Avx512, FloatFormat<F16>>,
      .bf16_weights = packed_linear<Avx512, FloatFormat<Bf16>>,
      .trellis_weights = trellis_weights,
      .pad_rows = pad_rows,
      .group_sums = group_sums,
      .unpack_rows = unpack_rows,
      .unpack_columns = unpack_columns,
  };
}

}  // namespace octet::cpu
