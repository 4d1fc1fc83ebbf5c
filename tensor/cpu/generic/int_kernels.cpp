#include <algorithm>
#include <cmath>
#include <limits>

#include "tensor/cpu/kernels/nonlinearity.h"
#include "tensor/cpu/tables.h"
#include "tensor/half.h"

// The readable reference: every other backend must give the same int32 sums.

namespace octet::cpu {
namespace {

void quantize_row(const QuantizeRowsArgs& args, std::int64_t row) {
  const CodeLayout& layout = args.layout;
  const float* x = args.x + row * layout.columns;
  std::int8_t* codes = args.codes + row * layout.stride;
  std::int32_t* corrections = args.corrections + row * layout.groups;
  std::fill(codes, codes + layout.stride, static_cast<std::int8_t>(0));
  std::fill(corrections, corrections + layout.groups, 0);

  float largest = 0.0F;
  bool finite = true;
  for (std::int64_t k = 0; k < layout.columns; ++k) {
    largest = std::max(largest, std::fabs(x[k]));
    finite = finite && std::isfinite(x[k]);
  }
  if (!finite) {
    args.scales[row] = std::numeric_limits<float>::quiet_NaN();
    return;
  }
  const bool is_static = args.static_scale > 0.0F;
  const bool is_zero = largest < kSmallestRow;
  args.scales[row] = is_static ? args.static_scale : is_zero ? 0.0F : largest / 127.0F;
  if (is_zero) {
    return;
  }
  const float inverse = is_static ? 1.0F / args.static_scale : 127.0F / largest;
  for (std::int64_t k = 0; k < layout.columns; ++k) {
    const float clamped = std::clamp(x[k] * inverse, -127.0F, 127.0F);
    const auto code = static_cast<std::int8_t>(std::lrintf(clamped));  // rounds half to even
    const std::int64_t group = k / layout.group;
    codes[layout.begin(group) + k % layout.group] = code;
    corrections[group] -= 128 * code;
  }
}

void quantize_rows(const QuantizeRowsArgs& args) {
#pragma omp parallel for schedule(static) if (args.rows * args.layout.columns > kParallelElements)
  for (std::int64_t row = 0; row < args.rows; ++row) {
    quantize_row(args, row);
  }
}

/// Codes of 64 packed bytes: `kQuads` quads of four along K for each of 16 columns.
struct Int8Codes {
  static constexpr int kQuads = 1;
  static int code(const PackedCodes&, std::uint8_t byte, int) { return byte - 128; }
  static float scale(const PackedCodes& w, std::int64_t index) { return w.scales[index]; }
};

struct Int4Codes {
  static constexpr int kQuads = 2;
  static int code(const PackedCodes&, std::uint8_t byte, int quad) { return (byte >> (4 * quad) & 15) - 8; }
  static float scale(const PackedCodes& w, std::int64_t index) { return to_float(w.half_scales[index]); }
};

struct Table4Codes : Int4Codes {
  static int code(const PackedCodes& w, std::uint8_t byte, int quad) {
    return w.level_bytes[byte >> (4 * quad) & 15] - 128;
  }
};

/// Sums of one group of row m against the 16 columns of a panel.
template <typename Codes>
void group_sums(const CodeRows& x, const PackedCodes& w, std::int64_t m, std::int64_t panel, std::int64_t group,
                std::int32_t* sums) {
  constexpr std::int64_t kStep = 4 * Codes::kQuads;
  const CodeLayout& layout = w.layout;
  const std::int8_t* row = x.codes + m * layout.stride;
  std::fill(sums, sums + kPanelColumns, 0);
  for (std::int64_t k = layout.begin(group); k < layout.end(group); k += kStep) {
    const std::uint8_t* bytes = w.codes + (panel * layout.stride + k) / kStep * kPanelColumns * 4;
    for (int quad = 0; quad < Codes::kQuads; ++quad) {
      const std::int8_t* four = row + k + 4 * quad;
      for (std::int64_t column = 0; column < kPanelColumns; ++column) {
        for (std::int64_t i = 0; i < 4; ++i) {
          sums[column] += four[i] * Codes::code(w, bytes[4 * column + i], quad);
        }
      }
    }
  }
}

template <typename Codes>
void product(const IntProductArgs& args) {
  const PackedCodes& w = args.w;
#pragma omp parallel for schedule(static)
  for (std::int64_t first = 0; first < w.n; first += kPanelColumns) {
    const std::int64_t columns = std::min(kPanelColumns, w.n - first);
    for (std::int64_t m = 0; m < args.x.rows; ++m) {
      for (std::int64_t group = 0; group < w.layout.groups; ++group) {
        std::int32_t sums[kPanelColumns];
        group_sums<Codes>(args.x, w, m, first / kPanelColumns, group, sums);
        std::copy(sums, sums + columns, args.y + (group * args.x.rows + m) * w.n + first);
      }
    }
  }
}

template <typename Codes>
void linear(const IntLinearArgs& args) {
  const PackedCodes& w = args.w;
  const std::int64_t groups = w.layout.groups;
#pragma omp parallel for schedule(static)
  for (std::int64_t first = 0; first < w.n; first += kPanelColumns) {
    const std::int64_t columns = std::min(kPanelColumns, w.n - first);
    for (std::int64_t m = 0; m < args.x.rows; ++m) {
      float y[kPanelColumns] = {};
      for (std::int64_t group = 0; group < groups; ++group) {
        std::int32_t sums[kPanelColumns];
        group_sums<Codes>(args.x, w, m, first / kPanelColumns, group, sums);
        const auto x_sum = static_cast<float>(args.x.corrections[m * groups + group] / -128);
        for (std::int64_t column = 0; column < kPanelColumns; ++column) {
          const std::int64_t index = (first * groups) + group * kPanelColumns + column;
          y[column] += static_cast<float>(sums[column]) * Codes::scale(w, index);
          y[column] += w.offsets == nullptr ? 0.0F : x_sum * w.offsets[index];
        }
      }
      float* out = args.y + m * w.n + first;
      for (std::int64_t column = 0; column < columns; ++column) {
        const float bias = args.bias == nullptr ? 0.0F : args.bias[first + column];
        out[column] = y[column] * args.x.scales[m] + bias;
      }
      finish_part(args, m * w.n + first, columns, out);
    }
  }
}

}  // namespace

IntKernels generic_int_kernels() {
  return {quantize_rows,     product<Int8Codes>,   linear<Int8Codes>,  product<Int4Codes>,
          linear<Int4Codes>, product<Table4Codes>, linear<Table4Codes>};
}

}  // namespace octet::cpu
