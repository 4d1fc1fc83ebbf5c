#pragma once

#include "tensor/cuda/language/mma.h"
#include "tensor/cuda/panels/group_steps.h"
#include "tensor/cuda/panels/panel_task.h"

// What many_rows_mma.h multiplies: pieces of both operands along K in shared memory. A piece is several steps of 32
// codes, the depth of one instruction; where a group is no multiple of 32, zeros of x fill its last step.

namespace octet::cuda {
namespace {

constexpr int kStepCodes = 32;
using MmaSteps = StepsOfK<kStepCodes>;
constexpr int kWarpColumns = 32, kColumnFragments = kWarpColumns / kMmaColumns;

/// What the warps of a block do: kDown x kAcross parts of kWarpRows x 32 outputs, and kAlong warps for each part, which
/// share the kSteps steps of a piece. With two buffers a block fills one while the other is still multiplied.
template <int warps, int warp_rows, int warps_down, int warps_across, int piece_steps, int buffers>
struct Shape {
  static constexpr int kWarps = warps, kThreads = kWarps * kWarp;
  static constexpr int kWarpRows = warp_rows, kRowFragments = kWarpRows / kMmaRows;
  static constexpr int kDown = warps_down, kAcross = warps_across, kAlong = kWarps / (kDown * kAcross);
  static constexpr int kRows = kDown * kWarpRows, kColumns = kAcross * kWarpColumns;
  static constexpr int kPanels = kColumns / static_cast<int>(kPanelColumns);
  static constexpr int kSteps = piece_steps, kStepsOfWarp = kSteps / kAlong;
  static constexpr int kBuffers = buffers;
  // Words of a row or column of a piece: see load_fragment.
  static constexpr int kPitch = kSteps * kMmaWords + 4;
};
/// 128 x 128 outputs, 128 registers of a thread. Pieces are as deep as the others leave room for.
template <typename Format>
using Large = Shape<8, 64, 2, 4, Format::kCodes == 8 ? 4 : 2, 2>;
using Wide = Shape<4, 32, 2, 2, 4, 1>;  // 64 x 64
using Deep = Shape<4, 32, 1, 1, 8, 1>;  // 32 x 32, K shared by all warps

/// Pieces of both operands as quads along K, and for each step the scales of its group, times what 1 of a sum stands
/// for. 18 KiB; of Large 21 or 38.
template <typename S>
struct MmaTile {
  alignas(16) int x[S::kRows][S::kPitch];
  alignas(16) int w[S::kColumns][S::kPitch];
  alignas(16) float scales[S::kSteps][S::kColumns];
};

/// The part of a piece that one thread brings from global to shared memory.
template <typename Format, typename S>
struct Share {
  static constexpr int kPairsOfRow = S::kSteps * kMmaWords / 2;
  static constexpr int kPairs = S::kRows * kPairsOfRow / S::kThreads;
  // What `unpack` takes from 16 columns, in pieces of 16 bytes.
  static constexpr int kUnits = S::kSteps * kStepCodes / Format::kCodes;
  static constexpr int kLoads = S::kPanels * kUnits * kLanesOfStep<Format> / S::kThreads;
  static constexpr int kFours = S::kSteps * S::kColumns / 4;  // of scales, at most one a thread

  int x[kPairs][2];
  uint4 w[kLoads];
  typename Format::Scales::Four scales;

  __device__ void fetch(const Task<CodeRows>& task, const MmaSteps& steps, int first) {
    fetch_rows(task, steps, first);
    fetch_panels(task.w, steps, first);
    fetch_scales(task.w, steps, first);
  }
  __device__ void store(const typename Format::Table& table, MmaTile<S>& tile) const;

 private:
  __device__ void fetch_rows(const Task<CodeRows>& task, const MmaSteps& steps, int first) {
    const std::int64_t stride = task.w.layout.stride;
    const int pair = static_cast<int>(threadIdx.x) % kPairsOfRow, row = static_cast<int>(threadIdx.x) / kPairsOfRow;
    const CodesOfStep codes = steps.codes_of(first + pair / 4);
    const int code = codes.begin + pair % 4 * 8;
    const std::int64_t m = std::int64_t{blockIdx.x} * S::kRows + row;
    OCTET_UNROLL
    for (int i = 0; i < kPairs; ++i) {
      x[i][0] = x[i][1] = 0;
      const std::int64_t at = m + i * (S::kThreads / kPairsOfRow);
      if (at < task.x.rows && code < codes.end) {
        load(elements_of(task.x) + (at * stride + code) / 4, x[i]);
      }
    }
  }

  /// What is not there meets zeros of x, or belongs to no column.
  __device__ void fetch_panels(const PackedCodes& weight, const MmaSteps& steps, int first) {
    constexpr int kAcross = kLanesOfStep<Format>, kUnitsOfStep = kStepCodes / Format::kCodes;
    OCTET_UNROLL
    for (int i = 0; i < kLoads; ++i) {
      const int item = i * S::kThreads + static_cast<int>(threadIdx.x), unit = item / kAcross % kUnits;
      const std::int64_t panel = std::int64_t{blockIdx.y} * S::kPanels + item / kAcross / kUnits;
      const CodesOfStep codes = steps.codes_of(first + unit / kUnitsOfStep);
      const int code = codes.begin + unit % kUnitsOfStep * Format::kCodes;
      w[i] = {};
      if (panel * kPanelColumns < weight.n && code < codes.end) {
        w[i] = __ldg(unit_at<Format>(weight, panel, code / Format::kCodes, item % kAcross));
      }
    }
  }

  __device__ void fetch_scales(const PackedCodes& weight, const MmaSteps& steps, int first) {
    const int step = static_cast<int>(threadIdx.x) / (S::kColumns / 4);
    const int column = static_cast<int>(threadIdx.x) % (S::kColumns / 4) * 4;
    const std::int64_t n = std::int64_t{blockIdx.y} * S::kColumns + column;
    scales = {};
    if (step < S::kSteps && first + step < steps.all() && n < weight.n) {
      const std::int64_t index = scale_index(weight, n / kPanelColumns, steps.group_of(first + step));
      scales = Format::Scales::load(weight, index + n % kPanelColumns);
    }
  }
};

template <typename Format, typename S>
__device__ void Share<Format, S>::store(const typename Format::Table& table, MmaTile<S>& tile) const {
  const int thread = static_cast<int>(threadIdx.x);
  OCTET_UNROLL
  for (int i = 0; i < kPairs; ++i) {
    const int row = thread / kPairsOfRow + i * (S::kThreads / kPairsOfRow), word = thread % kPairsOfRow * 2;
    *reinterpret_cast<int2*>(&tile.x[row][word]) = make_int2(x[i][0], x[i][1]);
  }
  constexpr int kAcross = kLanesOfStep<Format>;
  OCTET_UNROLL
  for (int i = 0; i < kLoads; ++i) {
    const int item = i * S::kThreads + thread, word = item / kAcross % kUnits * Format::kElements;
    const int column = item / kAcross / kUnits * static_cast<int>(kPanelColumns) + item % kAcross * Format::kColumns;
    int quads[Format::kElements][Format::kColumns];
    Format::unpack(w[i], table, quads);
    OCTET_UNROLL
    for (int c = 0; c < Format::kColumns; ++c) {
      OCTET_UNROLL
      for (int e = 0; e < Format::kElements; ++e) {
        tile.w[column + c][word + e] = quads[e][c];
      }
    }
  }
  if (thread < kFours) {
    float four[4];
    Format::Scales::widen(scales, four);
    *reinterpret_cast<float4*>(&tile.scales[thread / (S::kColumns / 4)][thread % (S::kColumns / 4) * 4]) =
        make_float4(four[0] * Format::kUnit, four[1] * Format::kUnit, four[2] * Format::kUnit, four[3] * Format::kUnit);
  }
}

}  // namespace
}  // namespace octet::cuda
