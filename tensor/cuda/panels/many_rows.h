#pragma once

#include "tensor/cuda/panels/panel_task.h"

// Products of many rows of floats, bound by arithmetic: a block computes 64 rows x 64 columns. Pieces of both operands
// along K go to shared memory, those of the weight unpacked once for all rows; a thread multiplies 8 rows x 4 columns
// of them.

namespace octet::cuda {
namespace {

constexpr int kTileRows = 64, kTileColumns = 64;
constexpr int kTilePanels = kTileColumns / static_cast<int>(kPanelColumns);
constexpr int kThreadRows = 8, kThreadColumns = 4;
constexpr int kTileThreads = kTileRows * kTileColumns / (kThreadRows * kThreadColumns);
constexpr int kDepth = 32;  // elements along K of a piece: a multiple of the elements of every format's step
// The distance of neighbours along K: a multiple of 4, for loads of 16 bytes; not of 32, for threads that write along K
// to write to different banks.
constexpr int kTileStride = 68;

/// Pieces of the operands, [k][row] and [k][column]. 17 KiB.
template <typename Element>
struct Tile {
  alignas(16) Element x[kDepth][kTileStride];
  alignas(16) Element w[kDepth][kTileStride];
};

/// Elements [first, first + kDepth) of K of the rows of this block; zeros where there is nothing.
template <typename Format>
__device__ void load_rows(const Task<typename Format::Rows>& task, int first, Tile<typename Format::Element>& tile) {
  constexpr int kPairs = kDepth / 2;
  const int end = static_cast<int>(row_elements<Format>(task.w));
  const std::int64_t block_row = std::int64_t{blockIdx.x} * kTileRows;
  for (int item = static_cast<int>(threadIdx.x); item < kTileRows * kPairs; item += kTileThreads) {
    const int row = item / kPairs, k = item % kPairs * 2;
    typename Format::Element pair[2] = {};
    if (block_row + row < task.x.rows && first + k < end) {
      load(elements_of(task.x) + (block_row + row) * end + first + k, pair);
    }
    tile.x[k][row] = pair[0];
    tile.x[k + 1][row] = pair[1];
  }
}

/// The same of the panels of this block. What lies beyond K meets zeros of x.
template <typename Format>
__device__ void load_panels(const PackedCodes& w, const typename Format::Table& table, int first,
                            Tile<typename Format::Element>& tile) {
  constexpr int kAcross = kLanesOfStep<Format>, kSteps = kDepth / Format::kElements;
  const int steps = units_of_row<Format>(w), first_step = first / Format::kElements;
  const std::int64_t first_panel = std::int64_t{blockIdx.y} * kTilePanels;
  for (int item = static_cast<int>(threadIdx.x); item < kTilePanels * kSteps * kAcross; item += kTileThreads) {
    const int across = item % kAcross, step = item / kAcross % kSteps, panel = item / kAcross / kSteps;
    uint4 bytes = {};
    if ((first_panel + panel) * kPanelColumns < w.n && first_step + step < steps) {
      bytes = __ldg(unit_at<Format>(w, first_panel + panel, first_step + step, across));
    }
    typename Format::Element elements[Format::kElements][Format::kColumns];
    Format::unpack(bytes, table, elements);
    const int column = panel * static_cast<int>(kPanelColumns) + across * Format::kColumns;
    OCTET_UNROLL
    for (int e = 0; e < Format::kElements; ++e) {
      OCTET_UNROLL
      for (int c = 0; c < Format::kColumns; ++c) {
        tile.w[step * Format::kElements + e][column + c] = elements[e][c];
      }
    }
  }
}

/// sums += x w for the elements [begin, end) of a tile.
template <typename Element>
__device__ void multiply_tile(const Tile<Element>& tile, int begin, int end,
                              Element (&sums)[kThreadRows][kThreadColumns]) {
  const int row = static_cast<int>(threadIdx.x) / (kTileColumns / kThreadColumns) * kThreadRows;
  const int column = static_cast<int>(threadIdx.x) % (kTileColumns / kThreadColumns) * kThreadColumns;
  for (int k = begin; k < end; ++k) {
    Element x[kThreadRows], w[kThreadColumns];
    OCTET_UNROLL
    for (int r = 0; r < kThreadRows; ++r) {
      x[r] = tile.x[k][row + r];
    }
    OCTET_UNROLL
    for (int c = 0; c < kThreadColumns; ++c) {
      w[c] = tile.w[k][column + c];
    }
    OCTET_UNROLL
    for (int r = 0; r < kThreadRows; ++r) {
      OCTET_UNROLL
      for (int c = 0; c < kThreadColumns; ++c) {
        sums[r][c] = multiply_add(x[r], w[c], sums[r][c]);
      }
    }
  }
}

/// The outputs of a thread: rows m .. m + 7 and columns n .. n + 3.
struct Outputs {
  std::int64_t m, n;

  __device__ Outputs()
      : m(std::int64_t{blockIdx.x} * kTileRows + threadIdx.x / (kTileColumns / kThreadColumns) * kThreadRows),
        n(std::int64_t{blockIdx.y} * kTileColumns + threadIdx.x % (kTileColumns / kThreadColumns) * kThreadColumns) {}
};

/// What becomes of the sums of a group: totals += value * scale + x_sum * offset.
template <typename Format>
struct ScaledSums {
  float totals[kThreadRows][kThreadColumns] = {};

  __device__ void add_group(const Task<typename Format::Rows>& task, const Outputs& at, std::int64_t group,
                            const typename Format::Element (&sums)[kThreadRows][kThreadColumns]) {
    const PackedCodes& w = task.w;
    if (at.n >= w.n) {
      return;
    }
    const std::int64_t index = scale_index(w, at.n / kPanelColumns, group) + at.n % kPanelColumns;
    float scales[kThreadColumns], offsets[kThreadColumns] = {};
    Format::Scales::widen(Format::Scales::load(w, index), scales);
    if (w.offsets != nullptr) {
      load(w.offsets + index, offsets);
    }
    OCTET_UNROLL
    for (int r = 0; r < kThreadRows; ++r) {
      const bool shifted = w.offsets != nullptr && at.m + r < task.x.rows;
      const float of_row = shifted ? x_sum(task.x, w.layout.groups, at.m + r, group) : 0.0F;
      OCTET_UNROLL
      for (int c = 0; c < kThreadColumns; ++c) {
        totals[r][c] = fmaf(Format::value(sums[r][c]), scales[c], fmaf(of_row, offsets[c], totals[r][c]));
      }
    }
  }

  __device__ void end(const Task<typename Format::Rows>& task, const Outputs& at) {
    OCTET_UNROLL
    for (int r = 0; r < kThreadRows; ++r) {
      OCTET_UNROLL
      for (int c = 0; c < kThreadColumns; ++c) {
        if (at.m + r < task.x.rows && at.n + c < task.w.n) {
          finish(task, at.m + r, at.n + c, totals[r][c]);
        }
      }
    }
  }
};

/// A block for each 64 rows (x) and each 4 panels (y).
template <typename Format>
__global__ void __launch_bounds__(kTileThreads) many_rows(Task<typename Format::Rows> task) {
  __shared__ Tile<typename Format::Element> tile;
  const CodeLayout& layout = task.w.layout;
  const typename Format::Table table(task.w);
  const Outputs at;
  ScaledSums<Format> result;
  typename Format::Element sums[kThreadRows][kThreadColumns] = {};
  constexpr int kCodesOfElement = Format::kCodes / Format::kElements;
  const int end = static_cast<int>(row_elements<Format>(task.w));
  int group = 0, group_end = static_cast<int>(layout.end(0)) / kCodesOfElement;
  for (int first = 0; first < end; first += kDepth) {
    load_rows<Format>(task, first, tile);
    load_panels<Format>(task.w, table, first, tile);
    __syncthreads();
    const int piece_end = first + kDepth < end ? first + kDepth : end;
    for (int k = first; k < piece_end;) {
      const int stop = group_end < piece_end ? group_end : piece_end;
      multiply_tile(tile, k - first, stop - first, sums);
      k = stop;
      if (k == group_end) {
        result.add_group(task, at, group, sums);
        for (auto& row : sums) {
          for (auto& sum : row) {
            sum = 0;
          }
        }
        ++group;
        group_end = static_cast<int>(layout.end(group)) / kCodesOfElement;
      }
    }
    __syncthreads();
  }
  result.end(task, at);
}

template <typename Rows>
Grid many_rows_grid(const Task<Rows>& task) {
  return {{blocks_for(task.x.rows, kTileRows), blocks_for(task.w.n, kTileColumns)}, kTileThreads};
}

}  // namespace
}  // namespace octet::cuda
