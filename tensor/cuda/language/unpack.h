#pragma once

#include "tensor/cuda/language/device.h"
#include "tensor/kernels/packed_codes.h"
#include "tensor/kernels/trellis_code.h"

// Packed weights as floats, eight at a time: kCodeStep codes along K, which belong to one group.

namespace octet::cuda {

/// The level of the window that begins at `bit` of a packed tile. Tiles begin at multiples of four bytes.
__device__ inline float trellis_value(const unsigned* tile, int bit) {
  const std::uint64_t two_words = tile[bit / 32] | std::uint64_t{tile[bit / 32 + 1]} << 32;
  const unsigned state = static_cast<unsigned>(two_words >> bit % 32) & kTrellisStateMask;
  return __uint_as_float(__dp4a(trellis_hash(state), 0x01010101U, kTrellisMagic)) - kTrellisZero;
}

/// The codes from position k on of the row n: what they stand for without scale and offset.
__device__ inline void unpack_codes(const PackedCodes& w, std::int64_t n, std::int64_t k, float (&values)[kCodeStep]) {
  const std::int64_t panel = n / kPanelColumns, column = n % kPanelColumns;
  const std::int64_t at = panel * w.layout.stride + k;
  switch (w.format) {
    case PackedFormat::int8: {
      if (w.row_codes != nullptr) {
        for (int i = 0; i < kCodeStep; ++i) {
          values[i] = static_cast<float>(w.row_codes[n * w.layout.row_stride() + k + i]);
        }
        break;
      }
      const auto* quads = reinterpret_cast<const unsigned*>(w.codes);
      for (int i = 0; i < kCodeStep; ++i) {
        const unsigned quad = quads[(at / 4 + i / 4) * kPanelColumns + column];
        values[i] = static_cast<float>(static_cast<int>(quad >> 8 * (i % 4) & 0xFFU) - 128);
      }
      break;
    }
    case PackedFormat::int4:
    case PackedFormat::codebook:
    case PackedFormat::table4: {
      const unsigned nibbles = reinterpret_cast<const unsigned*>(w.codes)[at / 8 * kPanelColumns + column];
      for (int i = 0; i < kCodeStep; ++i) {
        values[i] = w.levels[nibbles >> (8 * (i % 4) + i / 4 * 4) & 15U];
      }
      break;
    }
    case PackedFormat::f16:
      for (int i = 0; i < kCodeStep; ++i) {
        values[i] = to_float(reinterpret_cast<const Float16*>(w.codes)[(at + i) * kPanelColumns + column]);
      }
      break;
    case PackedFormat::bf16:
      for (int i = 0; i < kCodeStep; ++i) {
        values[i] = to_float(reinterpret_cast<const BFloat16*>(w.codes)[(at + i) * kPanelColumns + column]);
      }
      break;
    case PackedFormat::trellis: {
      const std::int64_t tile = at / kTrellisTile;
      const auto* words = reinterpret_cast<const unsigned*>(w.codes + tile * packed_tile_bytes(w.trellis_bits));
      for (int i = 0; i < kCodeStep; ++i) {
        const auto place = static_cast<int>((k % kTrellisTile + i) * kPanelColumns + column);
        values[i] = trellis_value(words, place * w.trellis_bits);
      }
      break;
    }
  }
}

/// The group of the padded position k.
__device__ inline std::int64_t group_of(const CodeLayout& layout, std::int64_t k) {
  const std::int64_t group = k / layout.group_stride;
  return group < layout.groups ? group : layout.groups - 1;
}

/// The weights from position k on of the row n. Rounded as on the CPU: no multiplication is fused with an addition.
__device__ inline void unpack_eight(const PackedCodes& w, std::int64_t n, std::int64_t k, float (&values)[kCodeStep]) {
  unpack_codes(w, n, k, values);
  if (w.format == PackedFormat::f16 || w.format == PackedFormat::bf16) {
    return;
  }
  const std::int64_t panel = n / kPanelColumns;
  const std::int64_t index = (panel * w.layout.groups + group_of(w.layout, k)) * kPanelColumns + n % kPanelColumns;
  const float scale = w.format == PackedFormat::int8 ? w.scales[index] : to_float(w.half_scales[index]);
  const float offset = w.offsets == nullptr ? 0.0F : w.offsets[index];
  for (float& value : values) {
    value = __fadd_rn(__fmul_rn(value, scale), offset);
  }
}

}  // namespace octet::cuda
