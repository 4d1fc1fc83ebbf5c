#pragma once

#include "tensor/cuda/panels/code_pieces.h"

// Products of many rows of codes on tensor cores. While a block multiplies a piece in shared memory, each thread
// already fetches its share of the next one to registers. The weight is unpacked once for all rows of the block.

namespace octet::cuda {
namespace {

/// Of the outputs of a lane, as fragments: element e of fragment (i, j) is [i][j][e].
template <typename T, typename S>
using FragmentSums = T[S::kRowFragments][kColumnFragments][4];

/// Where a warp and its lanes stand.
template <typename S>
struct WarpPlace {
  int along, row, column;  // which of the warps that share K; the first row and column within the block

  __device__ WarpPlace()
      : along(warp_id() % S::kAlong),
        row(warp_id() / S::kAlong / S::kAcross * S::kWarpRows),
        column(warp_id() / S::kAlong % S::kAcross * kWarpColumns) {}

  /// Of an output: the column within the block, row and column of y.
  __device__ int block_column(int j, int e) const { return column + j * kMmaColumns + fragment_member() * 2 + e % 2; }
  __device__ std::int64_t m(int i, int e) const {
    return std::int64_t{blockIdx.x} * S::kRows + row + i * kMmaRows + fragment_group() + e / 2 * 8;
  }
  __device__ std::int64_t n(int j, int e) const { return std::int64_t{blockIdx.y} * S::kColumns + block_column(j, e); }
};

/// f(i, j, e) for all outputs of a lane.
template <typename S, typename F>
__device__ void for_each_output(const F& f) {
  OCTET_UNROLL
  for (int i = 0; i < S::kRowFragments; ++i) {
    OCTET_UNROLL
    for (int j = 0; j < kColumnFragments; ++j) {
      OCTET_UNROLL
      for (int e = 0; e < 4; ++e) {
        f(i, j, e);
      }
    }
  }
}

/// sums += x w for one step of a piece, or with kAnew sums = x w, which needs no zeros in them.
template <bool kAnew, typename S>
__device__ void multiply_step(const MmaTile<S>& tile, const WarpPlace<S>& warp, int step, FragmentSums<int, S>& sums) {
  const int word = step * kMmaWords;
  int b[kColumnFragments][2];
  OCTET_UNROLL
  for (int j = 0; j < kColumnFragments; j += 2) {
    int pair[4];
    load_fragment(&tile.w[warp.column + j * kMmaColumns][word], S::kPitch, pair);
    b[j][0] = pair[0], b[j][1] = pair[2];
    b[j + 1][0] = pair[1], b[j + 1][1] = pair[3];
  }
  OCTET_UNROLL
  for (int i = 0; i < S::kRowFragments; ++i) {
    int a[4];
    load_fragment(&tile.x[warp.row + i * kMmaRows][word], S::kPitch, a);
    OCTET_UNROLL
    for (int j = 0; j < kColumnFragments; ++j) {
      if constexpr (kAnew) {
        multiply_fragments_anew(a, b[j], sums[i][j]);
      } else {
        multiply_fragments(a, b[j], sums[i][j]);
      }
    }
  }
}

/// What becomes of the sums of a group: totals += sum * scale, and at the end x_sum * offset of all groups.
template <typename Format, typename S>
struct ScaledFragments {
  const Task<CodeRows>& task;
  const WarpPlace<S>& warp;
  FragmentSums<float, S> totals = {};

  __device__ ScaledFragments(const Task<CodeRows>& of_task, const WarpPlace<S>& of_warp)
      : task(of_task), warp(of_warp) {}

  __device__ void add_group(std::int64_t, const float* scales, const FragmentSums<int, S>& sums) {
    for_each_output<S>([&](int i, int j, int e) {
      totals[i][j][e] = fmaf(static_cast<float>(sums[i][j][e]), scales[warp.block_column(j, e)], totals[i][j][e]);
    });
  }

  /// Groups are dealt to the warps of a square.
  __device__ void add_offsets() {
    const std::int64_t groups = task.w.layout.groups;
    for (std::int64_t group = warp.along; group < groups; group += S::kAlong) {
      float x_sums[S::kRowFragments][2], offsets[kColumnFragments][2];
      for (int i = 0; i < S::kRowFragments; ++i) {
        for (int upper = 0; upper < 2; ++upper) {
          const std::int64_t row = warp.m(i, 2 * upper);
          x_sums[i][upper] = row < task.x.rows ? x_sum(task.x, groups, row, group) : 0.0F;
        }
      }
      for (int j = 0; j < kColumnFragments; ++j) {
        for (int odd = 0; odd < 2; ++odd) {
          const std::int64_t column = warp.n(j, odd);
          const std::int64_t index = scale_index(task.w, column / kPanelColumns, group) + column % kPanelColumns;
          offsets[j][odd] = column < task.w.n ? __ldg(task.w.offsets + index) : 0.0F;
        }
      }
      for_each_output<S>(
          [&](int i, int j, int e) { totals[i][j][e] = fmaf(x_sums[i][e / 2], offsets[j][e % 2], totals[i][j][e]); });
    }
  }

  __device__ void finish_output(int i, int j, int e, float total) const {
    if (warp.m(i, e) < task.x.rows && warp.n(j, e) < task.w.n) {
      finish(task, warp.m(i, e), warp.n(j, e), total);
    }
  }

  __device__ void end() {
    if (task.w.offsets != nullptr) {
      add_offsets();
    }
    if constexpr (S::kAlong == 1) {
      for_each_output<S>([&](int i, int j, int e) { finish_output(i, j, e, totals[i][j][e]); });
    } else {
      end_together();
    }
  }

  /// Adds up the totals of all warps in their order; each finishes a part of them.
  __device__ void end_together() {
    constexpr int kOutputs = S::kRowFragments * kColumnFragments * 4;
    static_assert(S::kAlong == S::kWarps && kOutputs % S::kWarps == 0);
    __shared__ float of_warp[S::kWarps][kOutputs][kWarp];
    for_each_output<S>([&](int i, int j, int e) {
      of_warp[warp_id()][(i * kColumnFragments + j) * 4 + e][lane_id()] = totals[i][j][e];
    });
    __syncthreads();
    for (int part = 0; part < kOutputs / S::kWarps; ++part) {
      const int output = warp_id() * (kOutputs / S::kWarps) + part;
      float total = 0.0F;
      for (int other = 0; other < S::kWarps; ++other) {
        total += of_warp[other][output][lane_id()];
      }
      finish_output(output / 4 / kColumnFragments, output / 4 % kColumnFragments, output % 4, total);
    }
  }
};

/// Or they are the result: y (groups, M, N).
template <typename Format, typename S>
struct ExactFragments {
  static_assert(S::kAlong == 1, "a group's sum is that of one warp");
  const Task<CodeRows>& task;
  const WarpPlace<S>& warp;

  __device__ ExactFragments(const Task<CodeRows>& of_task, const WarpPlace<S>& of_warp)
      : task(of_task), warp(of_warp) {}
  __device__ void add_group(std::int64_t group, const float*, const FragmentSums<int, S>& sums) {
    for_each_output<S>([&](int i, int j, int e) {
      const std::int64_t m = warp.m(i, e), n = warp.n(j, e);
      if (m < task.x.rows && n < task.w.n) {
        static_cast<std::int32_t*>(task.y)[(group * task.x.rows + m) * task.w.n + n] = Format::exact(sums[i][j][e]);
      }
    });
  }
  __device__ void end() {}
};

/// A block for each S::kRows rows (x) and each S::kColumns columns (y).
template <typename Format, typename S, template <typename, typename> typename Result>
__global__ void __launch_bounds__(S::kThreads) many_rows_mma(Task<CodeRows> task) {
  auto* const tiles = dynamic_shared<MmaTile<S>>();
  const typename Format::Table table(task.w);
  const MmaSteps steps(task.w.layout);
  const WarpPlace<S> warp;
  Result<Format, S> result(task, warp);
  FragmentSums<int, S> sums;
  bool anew = true;  // the next step begins a group
  Share<Format, S> share;
  share.fetch(task, steps, 0);
  for (int first = 0, piece = 0; first < steps.all(); first += S::kSteps, ++piece) {
    // Of two buffers, none is filled before the barrier behind the piece that was multiplied from it.
    MmaTile<S>& tile = tiles[piece % S::kBuffers];
    share.store(table, tile);
    __syncthreads();
    share.fetch(task, steps, first + S::kSteps);
    OCTET_UNROLL
    for (int i = 0; i < S::kStepsOfWarp; ++i) {
      const int in_piece = warp.along * S::kStepsOfWarp + i, step = first + in_piece;
      if (step < steps.all()) {  // the same for all lanes
        if (anew) {
          multiply_step<true>(tile, warp, in_piece, sums);
        } else {
          multiply_step<false>(tile, warp, in_piece, sums);
        }
        const int next = i + 1 < S::kStepsOfWarp ? step + 1 : step + 1 + S::kSteps - S::kStepsOfWarp;
        const int group = steps.group_of(step);
        anew = next >= steps.all() || next >= steps.begin_of(group + 1);
        if (anew) {
          result.add_group(group, tile.scales[in_piece], sums);
        }
      }
    }
    if constexpr (S::kBuffers == 1) {
      __syncthreads();
    }
  }
  result.end();
}

template <typename S>
Grid mma_grid(const Task<CodeRows>& task) {
  return {{blocks_for(task.x.rows, S::kRows), blocks_for(task.w.n, S::kColumns)},
          S::kThreads,
          S::kBuffers * sizeof(MmaTile<S>)};
}

}  // namespace
}  // namespace octet::cuda
