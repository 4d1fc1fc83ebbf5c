#pragma once

#include "tensor/cuda/panels/few_rows.h"

// Products of few rows with int8 weights that lie in rows, bound by the bytes of the weight. A block owns 16 columns,
// a warp 8 of them and a part of K. Four lanes share a column: each loads 16 codes of it, and the next loads go on
// where these end, so that four of them read 256 bytes of a row. A unit of 16 codes is two halves of 8, since rows of x
// are padded to 8 codes only.

namespace octet::cuda {
namespace {

constexpr int kLanesOfColumn = 4, kColumnsOfWarp = kWarp / kLanesOfColumn;
constexpr int kWarpsAcross = static_cast<int>(kPanelColumns) / kColumnsOfWarp, kWarpsAlong = kFewWarps / kWarpsAcross;

/// The units of 16 codes that a warp reads.
__device__ inline Steps units_of_warp(int units) {
  const int along = warp_id() / kWarpsAcross;
  const int rounds = (units + kLanesOfColumn * kWarpsAlong - 1) / (kLanesOfColumn * kWarpsAlong);
  const int begin = along * rounds * kLanesOfColumn, end = begin + rounds * kLanesOfColumn;
  return {begin < units ? begin : units, end < units ? end : units};
}

/// Where a lane reads: its column, from the first unit of a row on, and the rows of x, by their distance from the
/// first.
template <typename Format, int kRows>
struct UnitPlace {
  const uint4* w;
  const typename Format::Element* x;
  int rows[kRows];
  int row_elements_;

  /// Rows m, m + 1, ...; those that do not exist repeat the last one.
  __device__ UnitPlace(const Task<typename Format::Rows>& task, std::int64_t m)
      : row_elements_(static_cast<int>(row_elements<Format>(task.w))) {
    const int column = warp_id() % kWarpsAcross * kColumnsOfWarp + lane_id() / kLanesOfColumn;
    const int last = static_cast<int>(task.x.rows - m) - 1;
    w = unit_at<Format>(task.w, blockIdx.x, 0, column);
    x = elements_of(task.x) + m * row_elements_;
    OCTET_UNROLL
    for (int r = 0; r < kRows; ++r) {
      rows[r] = (r < last ? r : last) * row_elements_;
    }
  }
};

/// sums += x w for a lane's units `first`, first + 4, ..., as many as are read at once. kWhole: all of them are there,
/// and nothing is compared; else those up to `end`.
template <bool kWhole, typename Format, int kRows>
__device__ void add_units(const UnitPlace<Format, kRows>& at, const typename Format::Table& table, int first, int end,
                          typename Format::Element (&sums)[kRows]) {
  constexpr int kLoads = loads_at_once(kRows), kHalf = Format::kElements / 2;
  // One address for each row: what is read behind it lies at constant distances, which cost no instruction.
  const uint4* const units = at.w + first;
  const typename Format::Element* x[kRows];
  OCTET_UNROLL
  for (int r = 0; r < kRows; ++r) {
    x[r] = at.x + (at.rows[r] + first * Format::kElements);
  }
  uint4 bytes[kLoads];
  OCTET_UNROLL
  for (int i = 0; i < kLoads; ++i) {
    const int unit = i * kLanesOfColumn;
    bytes[i] = kWhole || first + unit < end ? __ldg(units + unit) : uint4{};
  }
  OCTET_UNROLL
  for (int i = 0; i < kLoads; ++i) {
    typename Format::Element w[Format::kElements][1];
    Format::unpack(bytes[i], table, w);
    OCTET_UNROLL
    for (int half = 0; half < 2; ++half) {
      const int unit = i * kLanesOfColumn, element = unit * Format::kElements + half * kHalf;
      OCTET_UNROLL
      for (int r = 0; r < kRows; ++r) {
        typename Format::Element elements[kHalf] = {};
        if (kWhole || (first + unit < end && first * Format::kElements + element < at.row_elements_)) {
          load(x[r] + element, elements);
        }
        OCTET_UNROLL
        for (int e = 0; e < kHalf; ++e) {
          sums[r] = multiply_add(elements[e], w[half * kHalf + e][0], sums[r]);
        }
      }
    }
  }
}

/// The sums of this lane: of its column, a quarter of what the warp reads.
template <typename Format, int kRows>
__device__ void add_row_products(const Task<typename Format::Rows>& task, std::int64_t m,
                                 typename Format::Element (&sums)[kRows]) {
  constexpr int kRound = loads_at_once(kRows) * kLanesOfColumn;
  const typename Format::Table table(task.w);
  const UnitPlace<Format, kRows> at(task, m);
  const Steps own = units_of_warp(units_of_row<Format>(task.w));
  const int whole_units = at.row_elements_ / Format::kElements, lane = lane_id() % kLanesOfColumn;
  const int whole_end = own.end < whole_units ? own.end : whole_units;
  int first = own.begin;
  for (; first + kRound <= whole_end; first += kRound) {
    add_units<true>(at, table, first + lane, own.end, sums);
  }
  for (; first < own.end; first += kRound) {
    add_units<false>(at, table, first + lane, own.end, sums);
  }
}

/// The sums of the lanes of each column and of all warps, in a fixed order: thread t gets that of row t / 16 and column
/// t % 16 of the block.
template <int kRows, typename Sum>
__device__ Sum total_of_units(const Sum (&sums)[kRows]) {
  constexpr int kOutputs = kRows * static_cast<int>(kPanelColumns);
  __shared__ Sum of_warp[kWarpsAlong][kOutputs];
  const int column = warp_id() % kWarpsAcross * kColumnsOfWarp + lane_id() / kLanesOfColumn;
  OCTET_UNROLL
  for (int r = 0; r < kRows; ++r) {
    Sum sum = sums[r];
    OCTET_UNROLL
    for (int offset = kLanesOfColumn / 2; offset > 0; offset /= 2) {
      sum += __shfl_xor_sync(kAllLanes, sum, offset);
    }
    if (lane_id() % kLanesOfColumn == 0) {
      of_warp[warp_id() / kWarpsAcross][r * kPanelColumns + column] = sum;
    }
  }
  __syncthreads();
  Sum total = 0;
  if (threadIdx.x < kOutputs) {
    for (int along = 0; along < kWarpsAlong; ++along) {
      total += of_warp[along][threadIdx.x];
    }
  }
  return total;
}

/// y, or with kExact the int32 sums, of the 16 columns of blockIdx.x and the kRows rows of blockIdx.y.
template <typename Format, int kRows, bool kExact>
__device__ void multiply_rows_of_codes(const Task<typename Format::Rows>& task) {
  const std::int64_t m = std::int64_t{blockIdx.y} * kRows;
  typename Format::Element sums[kRows] = {};
  add_row_products<Format>(task, m, sums);
  const auto total = total_of_units(sums);
  const Place<kRows> place(m, task.x.rows, task.w.n);
  if (!place.exists) {
    return;
  }
  if constexpr (kExact) {
    static_cast<std::int32_t*>(task.y)[place.m * task.w.n + place.n] = Format::exact(total);
  } else {
    float y = Format::value(total) * Format::Scales::at(task.w, place.n);
    if (task.w.offsets != nullptr) {
      y = fmaf(x_sum(task.x, 1, place.m, 0), task.w.offsets[place.n], y);
    }
    finish(task, place.m, place.n, y);
  }
}

/// A block for each 16 columns (x) and each kRows rows (y).
template <typename Format, int kRows, bool kExact>
__global__ void __launch_bounds__(kFewThreads, kFewBlocks)
    few_rows_of_codes(Task<typename Format::Rows> task, bool ahead) {
  wait_for_rows<Format>(task.w, ahead);
  multiply_rows_of_codes<Format, kRows, kExact>(task);
}

}  // namespace
}  // namespace octet::cuda
