#include "tensor/cuda/language/device.h"
#include "tensor/cuda/panels/expanded_linear.h"
#include "tensor/cuda/panels/panels.h"
#include "tensor/cuda/runtime/runtime.h"
#include "tensor/cuda/runtime/tables.h"

// Products of FP32 activations. Codes become floats in registers.

namespace octet::cuda {
namespace {

/// Bits kAt .. kAt + kBits - 1 of a word, less 2^(kBits - 1), as a float. Put into the mantissa of 2^(23 - kAt) they
/// count in ones, so that an AND, an OR (one instruction) and a subtraction do it. kAt + kBits <= 23.
template <int kBits, int kAt>
__device__ float code_at(unsigned word) {
  constexpr unsigned kMask = ((1U << kBits) - 1) << kAt;
  constexpr unsigned kExponent = (127U + 23U - kAt) << 23;
  constexpr auto kZero = static_cast<float>((1 << (23 - kAt)) + (1 << (kBits - 1)));
  return __uint_as_float((word & kMask) | kExponent) - kZero;
}

struct FloatFormat {
  using Rows = FloatRows;
  using Element = float;
  static constexpr int kMostRows = 4;
  static constexpr float kUnit = 1.0F;
  static __device__ float value(float sum) { return sum; }
};

struct Int8Values : FloatFormat {
  using Scales = FloatScales;
  using Table = NoTable;
  static constexpr int kCodes = 4, kElements = 4, kColumns = 4;

  static __device__ void unpack(const uint4& bytes, const Table&, float (&values)[kElements][kColumns]) {
    const unsigned words[kColumns] = {bytes.x, bytes.y, bytes.z, bytes.w};
    OCTET_UNROLL
    for (int c = 0; c < kColumns; ++c) {
      values[0][c] = code_at<8, 0>(words[c]);
      values[1][c] = code_at<8, 8>(words[c]);
      values[2][c] = code_at<8, 0>(words[c] >> 16);
      values[3][c] = code_at<8, 8>(words[c] >> 16);
    }
  }
};

/// The same of a weight in rows, whose bytes become code + 128 by a flipped sign.
struct Int8RowValues : FloatFormat {
  using Scales = FloatScales;
  using Table = NoTable;
  static constexpr int kCodes = 16, kElements = 16, kColumns = 1;

  static __device__ void unpack(const uint4& bytes, const Table&, float (&values)[kElements][kColumns]) {
    const unsigned words[4] = {bytes.x, bytes.y, bytes.z, bytes.w};
    OCTET_UNROLL
    for (int i = 0; i < 4; ++i) {
      const unsigned word = words[i] ^ 0x80808080U;
      values[4 * i][0] = code_at<8, 0>(word);
      values[4 * i + 1][0] = code_at<8, 8>(word);
      values[4 * i + 2][0] = code_at<8, 0>(word >> 16);
      values[4 * i + 3][0] = code_at<8, 8>(word >> 16);
    }
  }
};

/// The levels of int4 are its codes.
struct Int4Values : FloatFormat {
  using Scales = HalfScales;
  using Table = NoTable;
  static constexpr int kCodes = 8, kElements = 8, kColumns = 4;

  static __device__ void unpack(const uint4& bytes, const Table&, float (&values)[kElements][kColumns]) {
    const unsigned words[kColumns] = {bytes.x, bytes.y, bytes.z, bytes.w};
    OCTET_UNROLL
    for (int c = 0; c < kColumns; ++c) {
      OCTET_UNROLL
      for (int half = 0; half < 2; ++half) {
        const unsigned two_bytes = words[c] >> 16 * half;
        values[2 * half][c] = code_at<4, 0>(two_bytes);
        values[2 * half + 4][c] = code_at<4, 4>(two_bytes);
        values[2 * half + 1][c] = code_at<4, 8>(two_bytes);
        values[2 * half + 5][c] = code_at<4, 12>(two_bytes);
      }
    }
  }
};

/// Any 16 levels, from a table with a copy for each lane: lanes that look up different levels meet in no bank.
struct Levels {
  const float* of_lane;

  __device__ explicit Levels(const PackedCodes& w) {
    __shared__ float table[16 * kWarp];
    for (unsigned i = threadIdx.x; i < 16 * kWarp; i += blockDim.x) {
      table[i] = w.levels[i / kWarp];
    }
    __syncthreads();
    of_lane = table + lane_id();
  }
  __device__ float at(unsigned nibble) const { return of_lane[nibble * kWarp]; }
};

struct LevelValues : FloatFormat {
  using Scales = HalfScales;
  using Table = Levels;
  static constexpr int kCodes = 8, kElements = 8, kColumns = 4;

  static __device__ void unpack(const uint4& bytes, const Table& levels, float (&values)[kElements][kColumns]) {
    const unsigned words[kColumns] = {bytes.x, bytes.y, bytes.z, bytes.w};
    OCTET_UNROLL
    for (int c = 0; c < kColumns; ++c) {
      OCTET_UNROLL
      for (int i = 0; i < 4; ++i) {
        values[i][c] = levels.at(words[c] >> 8 * i & 15U);
        values[i + 4][c] = levels.at(words[c] >> (8 * i + 4) & 15U);
      }
    }
  }
};

template <typename Half>
struct HalfValues : FloatFormat {
  using Scales = NoScales;
  using Table = NoTable;
  static constexpr int kCodes = 1, kElements = 1, kColumns = 8;

  static __device__ void unpack(const uint4& bytes, const Table&, float (&values)[kElements][kColumns]) {
    const unsigned words[4] = {bytes.x, bytes.y, bytes.z, bytes.w};
    OCTET_UNROLL
    for (int c = 0; c < kColumns; ++c) {
      values[0][c] = to_float(Half{static_cast<std::uint16_t>(words[c / 2] >> 16 * (c % 2))});
    }
  }
};

/// Kernels read 16 bytes of x at once; a view may begin anywhere.
const float* aligned(const FloatRows& x, const CodeLayout& layout) {
  if (reinterpret_cast<std::uintptr_t>(x.x) % 16 == 0) {
    return x.x;
  }
  const std::int64_t count = x.rows * layout.stride;
  auto* copy = workspace_of<float>(count);
  copy_on_device(copy, x.x, static_cast<std::size_t>(count) * sizeof(float));
  return copy;
}

template <PanelFormat Format>
void linear(const char* name, const WeightLinearArgs& args) {
  if (expanded_linear(name, args)) {
    return;
  }
  Task<FloatRows> task = task_of(args);
  task.x.x = aligned(args.x, args.w.layout);
  panel_linear<Format>(name, task);
}

}  // namespace

void int8_weights(const WeightLinearArgs& args) {
  if (args.w.row_codes == nullptr) {
    linear<Int8Values>("int8_weights", args);
  } else {
    linear<Int8RowValues>("int8_weights", args);
  }
}

void nibble_weights(const WeightLinearArgs& args) {
  if (args.w.format == PackedFormat::int4) {
    linear<Int4Values>("nibble_weights", args);
  } else {
    linear<LevelValues>("nibble_weights", args);
  }
}

void f16_weights(const WeightLinearArgs& args) {
  linear<HalfValues<Float16>>("f16_weights", args);
}

void bf16_weights(const WeightLinearArgs& args) {
  linear<HalfValues<BFloat16>>("bf16_weights", args);
}

/// The windows of neighbours overlap, so no 16 bytes stand for themselves, as the panels above want them.
void trellis_weights(const WeightLinearArgs& args) {
  always_expanded_linear("trellis_weights", args);
}

}  // namespace octet::cuda
