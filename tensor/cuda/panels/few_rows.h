#pragma once

#include "tensor/cuda/panels/group_steps.h"
#include "tensor/cuda/panels/panel_task.h"

// Products of few rows, bound by the bytes of the weight: a block reads one panel once for up to 8 rows (4 of floats,
// which need more registers). A warp takes a part of K. A lane loads 16 bytes, 4 columns of one step (8 columns of
// halves), so that a warp reads 512 bytes in a row, and several of these loads are under way at once. Lanes with the
// same columns and then the warps are added up at the end, in a fixed order.

namespace octet::cuda {
namespace {

constexpr int kFewWarps = 8;
constexpr int kFewThreads = kFewWarps * kWarp;
constexpr int kFewBlocks = 2;  // on a processor, at least: limits registers
/// Loads of a lane that are started before the first is used. Two blocks then have 32 KiB under way, twice what an H200
/// processor (17 bytes a cycle) needs for a wait of 800 cycles; with more rows arithmetic takes longer than the bytes.
constexpr int loads_at_once(int rows) {
  return rows <= 2 ? 4 : 2;
}

enum class ScaleOf { row, group };

/// Part of K as steps: [begin, end).
struct Steps {
  int begin, end;
};

/// The part of a warp. A multiple of what it reads at once, so that all its loads begin at a multiple of 512 bytes.
template <typename Format>
__device__ Steps steps_of_warp(const Steps& all) {
  constexpr int kAtOnce = kStepsOfWarp<Format>;
  const int loads = (all.end - all.begin + kAtOnce - 1) / kAtOnce;
  const int steps = (loads + kFewWarps - 1) / kFewWarps * kAtOnce;
  const int begin = all.begin + warp_id() * steps;
  const int end = begin + steps;
  return {begin < all.end ? begin : all.end, end < all.end ? end : all.end};
}

/// The most of a weight that a block asks for ahead: two blocks on each of 132 processors then ask for 17 MB, a third
/// of the L2 cache of an H100.
constexpr int kMostAhead = 64 * 1024;

/// Before a kernel waits for the one that writes x: the 16 columns of this block are on their way to the cache. No
/// kernel writes weights, and a norm, say, leaves the memory idle meanwhile.
template <typename Format>
__device__ void fetch_ahead(const PackedCodes& w) {
  constexpr int kLine = 128;
  const auto* const begin = reinterpret_cast<const char*>(unit_at<Format>(w, blockIdx.x, 0, 0));
  const int bytes = units_of_row<Format>(w) * kLanesOfStep<Format> * static_cast<int>(sizeof(uint4));
  for (int at = static_cast<int>(threadIdx.x) * kLine; at < bytes && at < kMostAhead; at += kFewThreads * kLine) {
    fetch_to_l2(begin + at);
  }
}

/// How each kernel of few rows begins. Rows of x that need several blocks share the weight: the first asks for it.
template <typename Format>
__device__ void wait_for_rows(const PackedCodes& w, bool ahead) {
  if (ahead && blockIdx.y == 0) {
    fetch_ahead<Format>(w);
  }
  wait_for_previous();
}

/// 16 bytes of a lane and, where groups have scales of their own, those of its columns.
template <typename Format>
struct Load {
  uint4 bytes;
  typename Format::Scales::Four scales;
};

/// Adds the products of one load to the sums of this lane: as they are, or each times the scale of its group, and
/// then still to be multiplied by Format::kUnit.
template <ScaleOf kScaleOf, typename Format, int kRows, typename Sum>
__device__ void add_load(const Load<Format>& load_, const typename Format::Table& table,
                         const typename Format::Element* const (&x)[kRows], int element, bool inside,
                         Sum (&sums)[kRows][Format::kColumns]) {
  typename Format::Element w[Format::kElements][Format::kColumns];
  Format::unpack(load_.bytes, table, w);
  OCTET_UNROLL
  for (int r = 0; r < kRows; ++r) {
    typename Format::Element elements[Format::kElements] = {};
    if (inside) {
      load(x[r] + element, elements);
    }
    if constexpr (kScaleOf == ScaleOf::row) {
      OCTET_UNROLL
      for (int e = 0; e < Format::kElements; ++e) {
        OCTET_UNROLL
        for (int c = 0; c < Format::kColumns; ++c) {
          sums[r][c] = multiply_add(elements[e], w[e][c], sums[r][c]);
        }
      }
    } else {
      float scales[4];
      Format::Scales::widen(load_.scales, scales);
      OCTET_UNROLL
      for (int c = 0; c < Format::kColumns; ++c) {
        typename Format::Element sum = 0;
        OCTET_UNROLL
        for (int e = 0; e < Format::kElements; ++e) {
          sum = multiply_add(elements[e], w[e][c], sum);
        }
        sums[r][c] = fmaf(static_cast<float>(sum), scales[c], sums[r][c]);
      }
    }
  }
}

/// Where a lane reads: of a panel its columns, from the first step on, and the rows of x, by their distance from the
/// first. (Distances of 32 bits take half the registers and instructions of addresses.)
template <typename Format, int kRows>
struct PanelPlace {
  const PackedCodes& w;
  std::int64_t panel;
  const uint4* bytes;
  const typename Format::Element* x;
  int rows[kRows];
  StepGroups groups;

  /// Rows m, m + 1, ...; those that do not exist repeat the last one.
  __device__ PanelPlace(const Task<typename Format::Rows>& task, std::int64_t of_panel, std::int64_t m)
      : w(task.w),
        panel(of_panel),
        bytes(unit_at<Format>(w, panel, 0, lane_id() % kLanesOfStep<Format>)),
        groups(static_cast<int>(w.layout.group_stride / Format::kCodes)) {
    const int row = static_cast<int>(row_elements<Format>(w)), last = static_cast<int>(task.x.rows - m) - 1;
    x = elements_of(task.x) + m * row;
    OCTET_UNROLL
    for (int r = 0; r < kRows; ++r) {
      rows[r] = (r < last ? r : last) * row;
    }
  }
};

/// sums += x w for as many steps as a warp reads at once, from `first` on. kWhole: all of them are there, and nothing
/// is compared; else those up to `end`.
template <bool kWhole, ScaleOf kScaleOf, typename Format, int kRows, typename Sum>
__device__ void add_loads(const PanelPlace<Format, kRows>& at, const typename Format::Table& table, int first, int end,
                          Sum (&sums)[kRows][Format::kColumns]) {
  constexpr int kAcross = kLanesOfStep<Format>, kLoads = loads_at_once(kRows);
  // One address for each row: what is read behind it lies at constant distances, which cost no instruction.
  const int lane_first = first + lane_id() / kAcross;
  const uint4* const bytes = at.bytes + static_cast<std::int64_t>(lane_first) * kAcross;
  const typename Format::Element* x[kRows];
  OCTET_UNROLL
  for (int r = 0; r < kRows; ++r) {
    x[r] = at.x + (at.rows[r] + lane_first * Format::kElements);
  }
  Load<Format> loads[kLoads];
  OCTET_UNROLL
  for (int i = 0; i < kLoads; ++i) {
    const int step = lane_first + i * kStepsOfWarp<Format>;
    loads[i] = {};
    if (kWhole || step < end) {
      loads[i].bytes = __ldg(bytes + i * kWarp);
      if constexpr (kScaleOf == ScaleOf::group) {
        const std::int64_t index = scale_index(at.w, at.panel, at.groups.group_of(step));
        loads[i].scales = Format::Scales::load(at.w, index + lane_id() % kAcross * Format::kColumns);
      }
    }
  }
  OCTET_UNROLL
  for (int i = 0; i < kLoads; ++i) {
    const int step = i * kStepsOfWarp<Format>;
    add_load<kScaleOf>(loads[i], table, x, step * Format::kElements, kWhole || lane_first + step < end, sums);
  }
}

/// Adds the products of `steps` of a panel with rows m, m + 1, ... to the sums of the lanes.
template <ScaleOf kScaleOf, typename Format, int kRows, typename Sum>
__device__ void add_products(const Task<typename Format::Rows>& task, const typename Format::Table& table,
                             std::int64_t panel, std::int64_t m, const Steps& steps,
                             Sum (&sums)[kRows][Format::kColumns]) {
  constexpr int kRound = loads_at_once(kRows) * kStepsOfWarp<Format>;
  const PanelPlace<Format, kRows> at(task, panel, m);
  const Steps own = steps_of_warp<Format>(steps);
  int first = own.begin;
  for (; first + kRound <= own.end; first += kRound) {
    add_loads<true, kScaleOf>(at, table, first, own.end, sums);
  }
  for (; first < own.end; first += kRound) {
    add_loads<false, kScaleOf>(at, table, first, own.end, sums);
  }
}

/// sums = sums * kUnit + x_sum * offset of the groups, dealt to lanes and warps like steps.
template <typename Format, int kRows>
__device__ void unit_and_offsets(const Task<typename Format::Rows>& task, std::int64_t panel, std::int64_t m,
                                 float (&sums)[kRows][Format::kColumns]) {
  constexpr int kAcross = kLanesOfStep<Format>;
  const PackedCodes& w = task.w;
  OCTET_UNROLL
  for (int r = 0; r < kRows; ++r) {
    OCTET_UNROLL
    for (int c = 0; c < Format::kColumns; ++c) {
      sums[r][c] *= Format::kUnit;
    }
  }
  const std::int64_t groups = w.offsets == nullptr ? 0 : w.layout.groups;
  for (std::int64_t group = threadIdx.x / kAcross; group < groups; group += kFewThreads / kAcross) {
    float offsets[4];
    load(w.offsets + scale_index(w, panel, group) + lane_id() % kAcross * Format::kColumns, offsets);
    OCTET_UNROLL
    for (int r = 0; r < kRows; ++r) {
      const std::int64_t row = m + r < task.x.rows ? m + r : task.x.rows - 1;
      OCTET_UNROLL
      for (int c = 0; c < Format::kColumns; ++c) {
        sums[r][c] = fmaf(x_sum(task.x, groups, row, group), offsets[c], sums[r][c]);
      }
    }
  }
}

/// The sums of all lanes and warps: thread t gets that of row t / 16 and column t % 16 of the panel.
template <typename Format, int kRows, typename Sum>
__device__ Sum total_of(Sum (&sums)[kRows][Format::kColumns]) {
  constexpr int kOutputs = kRows * static_cast<int>(kPanelColumns);
  __shared__ Sum of_warp[kFewWarps][kOutputs];
  OCTET_UNROLL
  for (int r = 0; r < kRows; ++r) {
    OCTET_UNROLL
    for (int c = 0; c < Format::kColumns; ++c) {
      Sum sum = sums[r][c];
      OCTET_UNROLL
      for (int offset = kWarp / 2; offset >= kLanesOfStep<Format>; offset /= 2) {
        sum += __shfl_xor_sync(kAllLanes, sum, offset);
      }
      if (lane_id() < kLanesOfStep<Format>) {
        of_warp[warp_id()][r * kPanelColumns + lane_id() * Format::kColumns + c] = sum;
      }
    }
  }
  __syncthreads();
  Sum total = 0;
  if (threadIdx.x < kOutputs) {
    for (int warp = 0; warp < kFewWarps; ++warp) {
      total += of_warp[warp][threadIdx.x];
    }
  }
  __syncthreads();  // before anyone writes to of_warp again
  return total;
}

/// The output of this thread, as dealt by total_of.
template <int kRows>
struct Place {
  std::int64_t m, n;
  bool exists;

  __device__ Place(std::int64_t first_row, std::int64_t rows, std::int64_t columns)
      : m(first_row + threadIdx.x / kPanelColumns),
        n(blockIdx.x * kPanelColumns + threadIdx.x % kPanelColumns),
        exists(threadIdx.x < kRows * kPanelColumns && m < rows && n < columns) {}
};

/// y of the columns of the panel blockIdx.x and the kRows rows of blockIdx.y.
template <typename Format, int kRows, ScaleOf kScaleOf>
__device__ void multiply_panel(const Task<typename Format::Rows>& task) {
  const PackedCodes& w = task.w;
  const std::int64_t panel = blockIdx.x, m = std::int64_t{blockIdx.y} * kRows;
  const Steps all = {0, static_cast<int>(w.layout.stride / Format::kCodes)};
  const typename Format::Table table(w);
  const Place<kRows> place(m, task.x.rows, w.n);
  float total = 0.0F;
  if constexpr (kScaleOf == ScaleOf::group) {
    float sums[kRows][Format::kColumns] = {};
    add_products<kScaleOf, Format>(task, table, panel, m, all, sums);
    unit_and_offsets<Format>(task, panel, m, sums);
    total = total_of<Format>(sums);
  } else {
    typename Format::Element sums[kRows][Format::kColumns] = {};
    add_products<kScaleOf, Format>(task, table, panel, m, all, sums);
    total = Format::value(total_of<Format>(sums)) * (place.exists ? Format::Scales::at(w, place.n) : 0.0F);
    if (place.exists && w.offsets != nullptr) {
      total = fmaf(x_sum(task.x, 1, place.m, 0), w.offsets[place.n], total);
    }
  }
  if (place.exists) {
    finish(task, place.m, place.n, total);
  }
}

/// A block for each panel (x) and each kRows rows (y).
template <typename Format, int kRows, ScaleOf kScaleOf>
__global__ void __launch_bounds__(kFewThreads, kFewBlocks)
    few_rows_linear(Task<typename Format::Rows> task, bool ahead) {
  wait_for_rows<Format>(task.w, ahead);
  multiply_panel<Format, kRows, kScaleOf>(task);
}

/// The exact sums of every group alone.
template <typename Format, int kRows>
__global__ void __launch_bounds__(kFewThreads, kFewBlocks) few_rows_sums(Task<typename Format::Rows> task, bool ahead) {
  wait_for_rows<Format>(task.w, ahead);
  const PackedCodes& w = task.w;
  const std::int64_t panel = blockIdx.x, m = std::int64_t{blockIdx.y} * kRows;
  const typename Format::Table table(w);
  const Place<kRows> place(m, task.x.rows, w.n);
  for (std::int64_t group = 0; group < w.layout.groups; ++group) {
    const Steps steps = {static_cast<int>(w.layout.begin(group) / Format::kCodes),
                         static_cast<int>(w.layout.end(group) / Format::kCodes)};
    typename Format::Element sums[kRows][Format::kColumns] = {};
    add_products<ScaleOf::row, Format>(task, table, panel, m, steps, sums);
    const auto total = total_of<Format>(sums);
    if (place.exists) {
      static_cast<std::int32_t*>(task.y)[(group * task.x.rows + place.m) * w.n + place.n] = Format::exact(total);
    }
  }
}

/// Calls start(rows of a pass, as a constant).
template <typename Format, typename Start>
void with_rows_of_pass(std::int64_t rows, Start start) {
  if (rows == 1) {
    start(std::integral_constant<int, 1>());
  } else if (rows == 2) {
    start(std::integral_constant<int, 2>());
  } else if (rows <= 4 || Format::kMostRows == 4) {
    start(std::integral_constant<int, 4>());
  } else {
    start(std::integral_constant<int, Format::kMostRows>());
  }
}

template <int kRows, typename Rows>
Grid few_rows_grid(const Task<Rows>& task) {
  return {{static_cast<unsigned>(panels_of(task.w)), blocks_for(task.x.rows, kRows)}, kFewThreads};
}

}  // namespace
}  // namespace octet::cuda
