#include <immintrin.h>

#include "tensor/cpu/int_tables.h"

// AVX2. `vpmaddubsw` adds two neighbouring products of unsigned and signed bytes in int16 with saturation, so it must
// not see more than 32,767. int8: |x| times sign(x) w gives at most 2 * 127 * 127 = 32,258. int4: w + 8 is unsigned
// and at most 15, so even eight such sums, 8 * 2 * 15 * 127 = 30,480, fit.
//
// This file obeys the rules for instruction sets: everything is local, no standard library templates.

namespace octet::cpu {
namespace {

constexpr std::int64_t kLanes = 8;
constexpr int kHalves = kPanelColumns / kLanes;  // registers of sums per panel
constexpr std::int64_t kRowBlock = 64;           // rows per task: their codes stay in the L2 cache beside a panel

enum class Output { sums, linear };

struct Task {
  CodeRows x;
  PackedCodes w;
  const float* bias;
  void* y;  // int32 sums (groups, M, N) or the float result (M, N)
};

// ---- activations -------------------------------------------------------------------------------------------------

std::int32_t sum_lanes(__m256i v) {
  __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
  sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0x4E));
  return _mm_cvtsi128_si32(_mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0xB1)));
}

std::int32_t max_lanes(__m256i v) {
  __m128i max = _mm_max_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
  max = _mm_max_epi32(max, _mm_shuffle_epi32(max, 0x4E));
  return _mm_cvtsi128_si32(_mm_max_epi32(max, _mm_shuffle_epi32(max, 0xB1)));
}

/// Lanes 0 .. count - 1 as a mask of vmaskmov.
__m256i first_lanes(std::int64_t count) {
  const int lanes = count >= kLanes ? kLanes : static_cast<int>(count);
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(lanes), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

/// Codes of one group, 8 at a time; returns their sum. Padding gets codes 0 because masked loads give 0.
std::int32_t quantize_group(const float* x, std::int64_t columns, std::int64_t padded, __m256 scale,
                            std::int8_t* codes) {
  __m256i sum = _mm256_setzero_si256();
  for (std::int64_t k = 0; k < padded; k += kLanes) {
    const __m256 ratio = _mm256_div_ps(_mm256_maskload_ps(x + k, first_lanes(columns - k)), scale);
    const __m256 clamped = _mm256_max_ps(_mm256_min_ps(ratio, _mm256_set1_ps(127.0F)), _mm256_set1_ps(-127.0F));
    const __m256i code = _mm256_cvtps_epi32(clamped);  // rounds half to even
    sum = _mm256_add_epi32(sum, code);
    const __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(code), _mm256_extracti128_si256(code, 1));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(codes + k), _mm_packs_epi16(words, words));
  }
  return sum_lanes(sum);
}

void quantize_row(const QuantizeRowsArgs& args, std::int64_t row) {
  const CodeLayout& layout = args.layout;
  const float* x = args.x + row * layout.columns;
  std::int8_t* codes = args.codes + row * layout.stride;

  // The bits of |x| as integers are ordered like |x|, with infinity and NaN above all finite values.
  __m256i largest_bits = _mm256_setzero_si256();
  const __m256i magnitude = _mm256_set1_epi32(0x7FFFFFFF);
  for (std::int64_t k = 0; k < layout.columns; k += kLanes) {
    const __m256 values = _mm256_maskload_ps(x + k, first_lanes(layout.columns - k));
    largest_bits = _mm256_max_epi32(largest_bits, _mm256_and_si256(_mm256_castps_si256(values), magnitude));
  }
  const std::int32_t bits = max_lanes(largest_bits);
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
      sum = quantize_group(x + first, last ? layout.columns - first : layout.group, padded, _mm256_set1_ps(scale),
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

/// Sums of one group, whose codes lie at `begin` .. `end` of a row: R rows against the 16 columns of a panel.
struct Int8 {
  static constexpr std::int64_t kStep = 4;  // codes along K in the 64 bytes of a step
  template <int R>
  [[gnu::always_inline]] static inline void sums(const std::int8_t* x, std::int64_t stride, const std::int32_t*,
                                                 std::int64_t, const std::uint8_t* w, std::int64_t begin,
                                                 std::int64_t end, __m256i (&sums)[R][kHalves]) {
    for (int r = 0; r < R; ++r) {
      sums[r][0] = sums[r][1] = _mm256_setzero_si256();
    }
    for (std::int64_t k = begin; k < end; k += kStep) {
      const __m256i w0 = load(w + k * 16);
      const __m256i w1 = load(w + k * 16 + 32);
#pragma GCC unroll 4
      for (int r = 0; r < R; ++r) {
        const __m256i quad = broadcast_quad(x + r * stride + k);
        const __m256i magnitude = _mm256_abs_epi8(quad);
        const __m256i p0 = _mm256_maddubs_epi16(magnitude, _mm256_sign_epi8(w0, quad));
        const __m256i p1 = _mm256_maddubs_epi16(magnitude, _mm256_sign_epi8(w1, quad));
        sums[r][0] = _mm256_add_epi32(sums[r][0], widen(p0));
        sums[r][1] = _mm256_add_epi32(sums[r][1], widen(p1));
      }
    }
  }
};

struct Int4 {
  static constexpr std::int64_t kStep = 8;
  static constexpr std::int64_t kExactInInt16 = 32;  // codes along K: eight quads, see the top of this file
  template <int R>
  [[gnu::always_inline]] static inline void sums(const std::int8_t* x, std::int64_t stride, const std::int32_t* x_sums,
                                                 std::int64_t groups, const std::uint8_t* w, std::int64_t begin,
                                                 std::int64_t end, __m256i (&sums)[R][kHalves]) {
    for (int r = 0; r < R; ++r) {  // takes the 8 of w + 8 out again
      sums[r][0] = sums[r][1] = _mm256_set1_epi32(-8 * x_sums[r * groups]);
    }
    const __m256i nibble = _mm256_set1_epi8(15);
    for (std::int64_t first = begin; first < end; first += kExactInInt16) {
      const std::int64_t last = first + kExactInInt16 < end ? first + kExactInInt16 : end;
      __m256i pairs[R][kHalves];
      for (int r = 0; r < R; ++r) {
        pairs[r][0] = pairs[r][1] = _mm256_setzero_si256();
      }
      for (std::int64_t k = first; k < last; k += kStep) {
#pragma GCC unroll 2
        for (int half = 0; half < kHalves; ++half) {
          const __m256i packed = load(w + k * 8 + half * 32);
          const __m256i low = _mm256_and_si256(packed, nibble);
          const __m256i high = _mm256_and_si256(_mm256_srli_epi16(packed, 4), nibble);
#pragma GCC unroll 4
          for (int r = 0; r < R; ++r) {
            const __m256i p0 = _mm256_maddubs_epi16(low, broadcast_quad(x + r * stride + k));
            const __m256i p1 = _mm256_maddubs_epi16(high, broadcast_quad(x + r * stride + k + 4));
            pairs[r][half] = _mm256_add_epi16(pairs[r][half], _mm256_add_epi16(p0, p1));
          }
        }
      }
      for (int r = 0; r < R; ++r) {
        sums[r][0] = _mm256_add_epi32(sums[r][0], widen(pairs[r][0]));
        sums[r][1] = _mm256_add_epi32(sums[r][1], widen(pairs[r][1]));
      }
    }
  }
};

/// Eight results of a row, cut off at the last column.
void store(float* y, std::int64_t columns, __m256 values) {
  _mm256_maskstore_ps(y, first_lanes(columns), values);
}
void store(std::int32_t* y, std::int64_t columns, __m256i values) {
  _mm256_maskstore_epi32(y, first_lanes(columns), values);
}

/// R rows from `m` against a panel.
template <typename Format, Output kOutput, int R>
void block(const Task& task, std::int64_t m, std::int64_t panel) {
  const PackedCodes& w = task.w;
  const CodeLayout layout = w.layout;
  const std::uint8_t* codes = w.codes + panel * (layout.stride / Format::kStep) * 64;
  const std::int64_t column = panel * kPanelColumns;
  __m256 y[R][kHalves];
  for (int r = 0; r < R; ++r) {
    y[r][0] = y[r][1] = _mm256_setzero_ps();
  }
  for (std::int64_t group = 0; group < layout.groups; ++group) {
    const std::int64_t begin = group * layout.group_stride;
    const std::int64_t end = group + 1 < layout.groups ? begin + layout.group_stride : layout.stride;
    __m256i sums[R][kHalves];
    Format::template sums<R>(task.x.codes + m * layout.stride, layout.stride, task.x.sums + m * layout.groups + group,
                             layout.groups, codes, begin, end, sums);
    for (int half = 0; half < kHalves; ++half) {
      const std::int64_t first = column + half * kLanes;
      const __m256 scale = _mm256_loadu_ps(w.scales + (panel * layout.groups + group) * kPanelColumns + half * kLanes);
      for (int r = 0; r < R; ++r) {
        if constexpr (kOutput == Output::sums) {
          store(static_cast<std::int32_t*>(task.y) + (group * task.x.rows + m + r) * w.n + first, w.n - first,
                sums[r][half]);
        } else {
          y[r][half] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(sums[r][half]), scale, y[r][half]);
        }
      }
    }
  }
  if constexpr (kOutput == Output::linear) {
    for (int half = 0; half < kHalves; ++half) {
      const std::int64_t first = column + half * kLanes;
      const __m256 bias =
          task.bias == nullptr ? _mm256_setzero_ps() : _mm256_maskload_ps(task.bias + first, first_lanes(w.n - first));
      for (int r = 0; r < R; ++r) {
        store(static_cast<float*>(task.y) + (m + r) * w.n + first, w.n - first,
              _mm256_fmadd_ps(y[r][half], _mm256_set1_ps(task.x.scales[m + r]), bias));
      }
    }
  }
}

/// Rows in blocks of three: six registers of sums, two of weights, and the temporaries of a row fit in sixteen.
template <typename Format, Output kOutput>
void rows(const Task& task, std::int64_t begin, std::int64_t end, std::int64_t panel) {
  std::int64_t m = begin;
  for (; m + 3 <= end; m += 3) {
    block<Format, kOutput, 3>(task, m, panel);
  }
  if (m + 2 == end) {
    block<Format, kOutput, 2>(task, m, panel);
  } else if (m + 1 == end) {
    block<Format, kOutput, 1>(task, m, panel);
  }
}

template <typename Format, Output kOutput>
void run(const Task& task) {
  const std::int64_t panels = (task.w.n + kPanelColumns - 1) / kPanelColumns;
  const std::int64_t row_blocks = (task.x.rows + kRowBlock - 1) / kRowBlock;
#pragma omp parallel for collapse(2) schedule(static)
  for (std::int64_t panel = 0; panel < panels; ++panel) {
    for (std::int64_t b = 0; b < row_blocks; ++b) {
      const std::int64_t begin = b * kRowBlock;
      const std::int64_t end = begin + kRowBlock < task.x.rows ? begin + kRowBlock : task.x.rows;
      rows<Format, kOutput>(task, begin, end, panel);
    }
  }
}

template <typename Format>
void product(const IntProductArgs& args) {
  run<Format, Output::sums>(Task{args.x, args.w, nullptr, args.y});
}

template <typename Format>
void linear(const IntLinearArgs& args) {
  run<Format, Output::linear>(Task{args.x, args.w, args.bias, args.y});
}

}  // namespace

IntKernels avx2_int_kernels() {
  return {quantize_rows, product<Int8>, linear<Int8>, product<Int4>, linear<Int4>};
}

}  // namespace octet::cpu
