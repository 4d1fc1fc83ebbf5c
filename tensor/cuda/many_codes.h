#pragma once

#include "tensor/cuda/mma.h"
#include "tensor/cuda/panel_task.h"

// Products of many rows of int8 codes, on tensor cores. A block computes 64 rows x 64 columns, or, where there are few
// rows, 64 x 16, so that more blocks share the columns. Pieces of both operands along K go to shared memory, those of
// the weight unpacked once for all rows.
//
// An mma multiplies 8 quads along K. Groups are cut into such *slices* from their beginning, so that a slice never
// has codes of two groups; the last slice of a group meets zeros of x behind the group's end. A piece is several
// slices, of one group or of several.

namespace octet::cuda {
namespace {

constexpr int kCodeWarps = 4, kCodeThreads = kCodeWarps * kWarp;
constexpr int kPieceSlices = 4;
constexpr int kPieceQuads = kPieceSlices * kMmaWords;
// The quads (g, t) that the lanes of a warp read at once lie in different banks: 36 g + t.
constexpr int kPiecePitch = kPieceQuads + 4;

/// How the warps of a block share its outputs: `across` of them side by side, each of row_tiles x 16 rows and
/// column_tiles x 8 columns.
template <int across, int row_tiles, int column_tiles>
struct CodeShape {
  static constexpr int kAcross = across, kRowTiles = row_tiles, kColumnTiles = column_tiles;
  static constexpr int kRows = kCodeWarps / across * row_tiles * kMmaRows;
  static constexpr int kColumns = across * column_tiles * kMmaColumns;
  static constexpr int kThreadRows = 2 * row_tiles, kThreadColumns = 2 * column_tiles;

  /// First row and column of the block that a tile of the warp has.
  __device__ static int first_row(int tile) { return (warp_id() / kAcross * kRowTiles + tile) * kMmaRows; }
  __device__ static int first_column(int tile) { return (warp_id() % kAcross * kColumnTiles + tile) * kMmaColumns; }
  /// Outputs of a thread, in the matrix: rows and columns as fragments deal them.
  __device__ static std::int64_t row(int r) {
    return std::int64_t{blockIdx.x} * kRows + first_row(r / 2) + r % 2 * 8 + fragment_group();
  }
  __device__ static std::int64_t column(int c) {
    return std::int64_t{blockIdx.y} * kColumns + first_column(c / 2) + 2 * fragment_member() + c % 2;
  }

  struct Sums {
    int at[kThreadRows][kThreadColumns];
  };
};
using WideCodes = CodeShape<2, 2, 4>;    // 64 x 64
using NarrowCodes = CodeShape<1, 1, 2>;  // 64 x 16

/// The slices of all groups, one after another.
struct Slices {
  int of_group, all;

  __device__ explicit Slices(const CodeLayout& layout)
      : of_group(of(layout.end(0))),
        all(static_cast<int>(layout.groups - 1) * of_group + of(layout.stride - layout.begin(layout.groups - 1))) {}
  __device__ static int of(std::int64_t codes) { return static_cast<int>((codes / 4 + kMmaWords - 1) / kMmaWords); }
  __device__ int group(int slice) const { return slice / of_group; }
  __device__ bool ends_group(int slice) const { return slice % of_group == of_group - 1 || slice == all - 1; }
  /// The quad of the padded row that is quad `index` of a piece, or -1: none.
  __device__ int quad(const CodeLayout& layout, int first_slice, int index) const {
    const int slice = first_slice + index / kMmaWords;
    if (slice >= all) {
      return -1;
    }
    const int quad =
        static_cast<int>(layout.begin(group(slice)) / 4) + slice % of_group * kMmaWords + index % kMmaWords;
    return quad < layout.end(group(slice)) / 4 ? quad : -1;
  }
};

/// Pieces of the operands, [row][quad] and [column][quad]; at most 18 KiB.
template <typename Shape>
struct CodePieces {
  int x[Shape::kRows][kPiecePitch];
  int w[Shape::kColumns][kPiecePitch];
};

/// Quads of the rows of this block; zeros where there is nothing. Groups begin at even quads.
template <typename Shape>
__device__ void load_codes(const Task<CodeRows>& task, const Slices& slices, int first, CodePieces<Shape>& pieces) {
  constexpr int kPairs = kPieceQuads / 2;
  const std::int64_t row_quads = task.w.layout.stride / 4, block_row = std::int64_t{blockIdx.x} * Shape::kRows;
  for (int item = static_cast<int>(threadIdx.x); item < Shape::kRows * kPairs; item += kCodeThreads) {
    const int row = item / kPairs, index = item % kPairs * 2, quad = slices.quad(task.w.layout, first, index);
    int pair[2] = {};
    if (block_row + row < task.x.rows && quad >= 0) {
      load(elements_of(task.x) + (block_row + row) * row_quads + quad, pair);
    }
    pieces.x[row][index] = pair[0];
    pieces.x[row][index + 1] = pair[1];
  }
}

/// The same of the panels of this block. What lies beyond a group or K meets zeros of x.
template <typename Shape, typename Format>
__device__ void load_weights(const PackedCodes& w, const typename Format::Table& table, const Slices& slices, int first,
                             CodePieces<Shape>& pieces) {
  constexpr int kAcross = kLanesOfStep<Format>, kSteps = kPieceQuads / Format::kElements;
  constexpr int kPanels = Shape::kColumns / static_cast<int>(kPanelColumns);
  const std::int64_t steps = w.layout.stride / Format::kCodes, first_panel = std::int64_t{blockIdx.y} * kPanels;
  for (int item = static_cast<int>(threadIdx.x); item < kPanels * kSteps * kAcross; item += kCodeThreads) {
    const int across = item % kAcross, step = item / kAcross % kSteps, panel = item / kAcross / kSteps;
    const int index = step * Format::kElements, quad = slices.quad(w.layout, first, index);
    uint4 bytes = {};
    if ((first_panel + panel) * kPanelColumns < w.n && quad >= 0) {
      const std::int64_t place = (first_panel + panel) * steps + quad / Format::kElements;
      bytes = __ldg(reinterpret_cast<const uint4*>(w.codes) + place * kAcross + across);
    }
    int quads[Format::kElements][Format::kColumns];
    Format::unpack(bytes, table, quads);
    const int column = panel * static_cast<int>(kPanelColumns) + across * Format::kColumns;
    OCTET_UNROLL
    for (int e = 0; e < Format::kElements; ++e) {
      OCTET_UNROLL
      for (int c = 0; c < Format::kColumns; ++c) {
        pieces.w[column + c][index + e] = quads[e][c];
      }
    }
  }
}

/// sums += x w for the quads [begin, begin + 8) of the pieces.
template <typename Shape>
__device__ void multiply_slice(const CodePieces<Shape>& pieces, int begin, typename Shape::Sums& sums) {
  const int g = fragment_group(), quad = begin + fragment_member();
  int a[Shape::kRowTiles][4];
  OCTET_UNROLL
  for (int tile = 0; tile < Shape::kRowTiles; ++tile) {
    const int row = Shape::first_row(tile) + g;
    a[tile][0] = pieces.x[row][quad], a[tile][1] = pieces.x[row + 8][quad];
    a[tile][2] = pieces.x[row][quad + 4], a[tile][3] = pieces.x[row + 8][quad + 4];
  }
  OCTET_UNROLL
  for (int n = 0; n < Shape::kColumnTiles; ++n) {
    const int column = Shape::first_column(n) + g;
    const int b[2] = {pieces.w[column][quad], pieces.w[column][quad + 4]};
    OCTET_UNROLL
    for (int tile = 0; tile < Shape::kRowTiles; ++tile) {
      auto &upper = sums.at[2 * tile], &lower = sums.at[2 * tile + 1];
      int d[4] = {upper[2 * n], upper[2 * n + 1], lower[2 * n], lower[2 * n + 1]};
      multiply_fragments(a[tile], b, d);
      upper[2 * n] = d[0], upper[2 * n + 1] = d[1], lower[2 * n] = d[2], lower[2 * n + 1] = d[3];
    }
  }
}

/// What becomes of the sums of a group: totals += value * scale + x_sum * offset.
template <typename Shape, typename Format>
struct ScaledCodeSums {
  float totals[Shape::kThreadRows][Shape::kThreadColumns] = {};

  __device__ void add_group(const Task<CodeRows>& task, std::int64_t group, const typename Shape::Sums& sums) {
    const PackedCodes& w = task.w;
    OCTET_UNROLL
    for (int c = 0; c < Shape::kThreadColumns; ++c) {
      const std::int64_t n = Shape::column(c);
      if (n >= w.n) {
        continue;
      }
      const std::int64_t index = scale_index(w, n / kPanelColumns, group) + n % kPanelColumns;
      const float scale = Format::Scales::at(w, index), offset = w.offsets == nullptr ? 0.0F : w.offsets[index];
      OCTET_UNROLL
      for (int r = 0; r < Shape::kThreadRows; ++r) {
        const bool shifted = w.offsets != nullptr && Shape::row(r) < task.x.rows;
        const float of_row = shifted ? x_sum(task.x, w.layout.groups, Shape::row(r), group) : 0.0F;
        totals[r][c] = fmaf(Format::value(sums.at[r][c]), scale, fmaf(of_row, offset, totals[r][c]));
      }
    }
  }

  __device__ void end(const Task<CodeRows>& task) {
    OCTET_UNROLL
    for (int r = 0; r < Shape::kThreadRows; ++r) {
      OCTET_UNROLL
      for (int c = 0; c < Shape::kThreadColumns; ++c) {
        if (Shape::row(r) < task.x.rows && Shape::column(c) < task.w.n) {
          finish(task, Shape::row(r), Shape::column(c), totals[r][c]);
        }
      }
    }
  }
};

/// Or they are the result: y (groups, M, N).
template <typename Shape, typename Format>
struct ExactCodeSums {
  __device__ void add_group(const Task<CodeRows>& task, std::int64_t group, const typename Shape::Sums& sums) {
    OCTET_UNROLL
    for (int r = 0; r < Shape::kThreadRows; ++r) {
      OCTET_UNROLL
      for (int c = 0; c < Shape::kThreadColumns; ++c) {
        const std::int64_t m = Shape::row(r), n = Shape::column(c);
        if (m < task.x.rows && n < task.w.n) {
          static_cast<std::int32_t*>(task.y)[(group * task.x.rows + m) * task.w.n + n] = Format::exact(sums.at[r][c]);
        }
      }
    }
  }
  __device__ void end(const Task<CodeRows>&) {}
};

/// Blocks: (tiles of rows, tiles of columns).
template <typename Shape, typename Format, template <typename, typename> typename Result>
__global__ void __launch_bounds__(kCodeThreads) many_codes(Task<CodeRows> task) {
  __shared__ CodePieces<Shape> pieces;
  const typename Format::Table table(task.w);
  const Slices slices(task.w.layout);
  Result<Shape, Format> result;
  typename Shape::Sums sums = {};
  for (int first = 0; first < slices.all; first += kPieceSlices) {
    load_codes(task, slices, first, pieces);
    load_weights<Shape, Format>(task.w, table, slices, first, pieces);
    __syncthreads();
    for (int i = 0; i < kPieceSlices && first + i < slices.all; ++i) {
      multiply_slice(pieces, i * kMmaWords, sums);
      if (slices.ends_group(first + i)) {
        result.add_group(task, slices.group(first + i), sums);
        sums = {};
      }
    }
    __syncthreads();
  }
  result.end(task);
}

/// With up to 64 rows there is one row of blocks, and wide ones would leave most processors of a large chip idle.
template <typename Format, template <typename, typename> typename Result>
void launch_many_codes(const char* name, const Task<CodeRows>& task) {
  const auto start = [&]<typename Shape>(Shape) {
    const Grid grid = {{blocks_for(task.x.rows, Shape::kRows), blocks_for(task.w.n, Shape::kColumns)}, kCodeThreads};
    launch(name, many_codes<Shape, Format, Result>, grid, task);
  };
  task.x.rows <= WideCodes::kRows ? start(NarrowCodes()) : start(WideCodes());
}

}  // namespace
}  // namespace octet::cuda
