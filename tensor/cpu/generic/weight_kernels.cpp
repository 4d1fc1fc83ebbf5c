#include <algorithm>

#include "tensor/cpu/kernels/nonlinearity.h"
#include "tensor/cpu/tables.h"
#include "tensor/half.h"
#include "tensor/kernels/trellis_code.h"

// The readable reference of products with FP32 activations.

namespace octet::cpu {
namespace {

/// The code of column c at position k of panel p as a float.
struct Int8Value {
  static float at(const PackedCodes& w, std::int64_t p, std::int64_t k, std::int64_t c) {
    const std::int64_t byte = ((p * w.layout.stride + k) / 4 * kPanelColumns + c) * 4 + k % 4;
    return static_cast<float>(w.codes[byte] - 128);
  }
  static float scale(const PackedCodes& w, std::int64_t index) { return w.scales[index]; }
};

struct NibbleValue {
  static float at(const PackedCodes& w, std::int64_t p, std::int64_t k, std::int64_t c) {
    const std::int64_t byte = ((p * w.layout.stride + k) / 8 * kPanelColumns + c) * 4 + k % 4;
    return w.levels[k % 8 < 4 ? w.codes[byte] & 15 : w.codes[byte] >> 4];
  }
  static float scale(const PackedCodes& w, std::int64_t index) { return to_float(w.half_scales[index]); }
};

template <typename Half>
struct HalfValue {
  static float at(const PackedCodes& w, std::int64_t p, std::int64_t k, std::int64_t c) {
    return to_float(reinterpret_cast<const Half*>(w.codes)[(p * w.layout.stride + k) * kPanelColumns + c]);
  }
  static float scale(const PackedCodes&, std::int64_t) { return 1.0F; }
};

struct TrellisValue {
  static float at(const PackedCodes& w, std::int64_t p, std::int64_t k, std::int64_t c) {
    const std::int64_t tile = (p * w.layout.stride + k) / kTrellisTile,
                       bit = (k % kTrellisTile * kPanelColumns + c) * w.trellis_bits;
    const std::uint8_t* bytes = w.codes + tile * packed_tile_bytes(w.trellis_bits) + bit / 8;
    const unsigned window = bytes[0] | unsigned{bytes[1]} << 8 | unsigned{bytes[2]} << 16;
    return trellis_level(window >> bit % 8 & kTrellisStateMask);
  }
  static float scale(const PackedCodes& w, std::int64_t index) { return to_float(w.half_scales[index]); }
};

template <typename Value>
void linear(const WeightLinearArgs& args) {
  const PackedCodes& w = args.w;
  const CodeLayout& layout = w.layout;
#pragma omp parallel for schedule(static)
  for (std::int64_t first = 0; first < w.n; first += kPanelColumns) {
    const std::int64_t panel = first / kPanelColumns;
    const std::int64_t columns = std::min(kPanelColumns, w.n - first);
    for (std::int64_t m = 0; m < args.x.rows; ++m) {
      const float* x = args.x.x + m * layout.stride;
      float* y = args.y + m * w.n + first;
      for (std::int64_t column = 0; column < columns; ++column) {
        float sum = args.bias == nullptr ? 0.0F : args.bias[first + column];
        for (std::int64_t group = 0; group < layout.groups; ++group) {
          float group_sum = 0.0F;
          for (std::int64_t k = layout.begin(group); k < layout.end(group); ++k) {
            group_sum += x[k] * Value::at(w, panel, k, column);
          }
          const std::int64_t index = (panel * layout.groups + group) * kPanelColumns + column;
          sum += group_sum * Value::scale(w, index);
          sum += w.offsets == nullptr ? 0.0F : args.x.sums[m * layout.groups + group] * w.offsets[index];
        }
        y[column] = sum;
      }
      finish_part(args, m * w.n + first, columns, y);
    }
  }
}

/// One row of W, unpadded.
template <typename Value>
void unpack_row(const PackedCodes& w, std::int64_t row, float* y) {
  const CodeLayout& layout = w.layout;
  const std::int64_t panel = row / kPanelColumns, column = row % kPanelColumns;
  for (std::int64_t group = 0; group < layout.groups; ++group) {
    const std::int64_t index = (panel * layout.groups + group) * kPanelColumns + column;
    const float scale = Value::scale(w, index), offset = w.offsets == nullptr ? 0.0F : w.offsets[index];
    const std::int64_t first = group * layout.group, columns = std::min(layout.group, layout.columns - first);
    for (std::int64_t i = 0; i < columns; ++i) {
      y[first + i] = Value::at(w, panel, layout.begin(group) + i, column) * scale + offset;
    }
  }
}

void unpack_row(const PackedCodes& w, std::int64_t row, float* y) {
  switch (w.format) {
    case PackedFormat::int8:
      return unpack_row<Int8Value>(w, row, y);
    case PackedFormat::int4:
    case PackedFormat::codebook:
    case PackedFormat::table4:
      return unpack_row<NibbleValue>(w, row, y);
    case PackedFormat::f16:
      return unpack_row<HalfValue<Float16>>(w, row, y);
    case PackedFormat::bf16:
      return unpack_row<HalfValue<BFloat16>>(w, row, y);
    case PackedFormat::trellis:
      return unpack_row<TrellisValue>(w, row, y);
  }
}

/// Columns of W, each a row of y (count, N).
template <typename Value>
void unpack_columns_of(const UnpackColumnsArgs& args) {
  const PackedCodes& w = args.w;
  const CodeLayout& layout = w.layout;
  float* y = args.y;
  for (std::int64_t i = 0; i < args.count; ++i, y += w.n) {
    const std::int64_t group = args.ks[i] / layout.group, place = layout.begin(group) + args.ks[i] % layout.group;
    for (std::int64_t row = 0; row < w.n; ++row) {
      const std::int64_t panel = row / kPanelColumns, column = row % kPanelColumns;
      const std::int64_t index = (panel * layout.groups + group) * kPanelColumns + column;
      const float offset = w.offsets == nullptr ? 0.0F : w.offsets[index];
      y[row] = Value::at(w, panel, place, column) * Value::scale(w, index) + offset;
    }
  }
}

}  // namespace

void unpack_columns(const UnpackColumnsArgs& args) {
  switch (args.w.format) {
    case PackedFormat::int8:
      return unpack_columns_of<Int8Value>(args);
    case PackedFormat::int4:
    case PackedFormat::codebook:
    case PackedFormat::table4:
      return unpack_columns_of<NibbleValue>(args);
    case PackedFormat::f16:
      return unpack_columns_of<HalfValue<Float16>>(args);
    case PackedFormat::bf16:
      return unpack_columns_of<HalfValue<BFloat16>>(args);
    case PackedFormat::trellis:
      return unpack_columns_of<TrellisValue>(args);
  }
}

void unpack_rows(const UnpackRowsArgs& args) {
  for (std::int64_t i = 0; i < args.rows; ++i) {
    unpack_row(args.w, args.ids[i], args.y + i * args.w.layout.columns);
  }
}

WeightKernels generic_weight_kernels() {
  return {
      .int8_weights = linear<Int8Value>,
      .nibble_weights = linear<NibbleValue>,
      .f16_weights = linear<HalfValue<Float16>>,
      .bf16_weights = linear<HalfValue<BFloat16>>,
      .trellis_weights = linear<TrellisValue>,
      .pad_rows = pad_rows,
      .group_sums = group_sums,
      .unpack_rows = unpack_rows,
      .unpack_columns = unpack_columns,
  };
}

}  // namespace octet::cpu
