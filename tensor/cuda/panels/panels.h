#pragma once

#include "tensor/cuda/panels/few_rows.h"
#include "tensor/cuda/panels/few_rows_mma.h"
#include "tensor/cuda/panels/few_rows_of_codes.h"
#include "tensor/cuda/panels/many_rows.h"
#include "tensor/cuda/panels/many_rows_mma.h"
#include "tensor/cuda/runtime/check_layout.h"
#include "tensor/cuda/runtime/runtime.h"
#include "tensor/cuda/runtime/switches.h"

namespace octet::cuda {
namespace {

// Up to here the weights are read a few times at most, and there is too little arithmetic for tiles.
constexpr std::int64_t kFewRows = 16;

/// Whether kernels of few rows ask for their weights before they wait.
inline bool fetches_ahead() {
  return switches().early_start == EarlyStart::fetch;
}

/// Whether every processor of the chip gets a block.
inline bool fills_chip(const Grid& grid) {
  return std::int64_t{grid.blocks.x} * grid.blocks.y >= device().processors;
}

inline bool has_few_rows(const Task<CodeRows>& task) {
  return task.x.rows <= kFewRows;
}
/// Where one row of tiles would leave processors without work, few_rows.h with its panels of 16 columns does not: then
/// up to 64 rows are few.
inline bool has_few_rows(const Task<FloatRows>& task) {
  return task.x.rows <= kFewRows || (task.x.rows <= kTileRows && !fills_chip(many_rows_grid(task)));
}

/// Whether tiles of 128 x 128 pay: every processor gets one, and few of their rows are behind the last of x.
template <typename Format>
bool suits_large_tiles(const Task<CodeRows>& task) {
  const Grid grid = mma_grid<Large<Format>>(task);
  const std::int64_t rows = std::int64_t{grid.blocks.x} * Large<Format>::kRows;
  const std::int64_t rows_of_wide = std::int64_t{mma_grid<Wide>(task).blocks.x} * Wide::kRows;
  return switches().large_tiles && fills_chip(grid) && 4 * rows <= 5 * rows_of_wide &&
         grid.shared_bytes <= device().shared_bytes;
}

/// Tiles of 128 x 128 read the least and need the fewest instructions; those of 64 x 64 are four times as many. Where
/// they too would leave processors without work, there are tiles of 32 x 32, whose warps share K, so that a block still
/// has four warps and few pieces.
template <typename Format>
void many_rows_linear(const char* name, const Task<CodeRows>& task) {
  if constexpr (!kInRows<Format>) {  // those are for cuBLASLt, which is faster
    if (suits_large_tiles<Format>(task)) {
      launch(name, many_rows_mma<Format, Large<Format>, ScaledFragments>, mma_grid<Large<Format>>(task), task);
      return;
    }
  }
  if (fills_chip(mma_grid<Wide>(task))) {
    launch(name, many_rows_mma<Format, Wide, ScaledFragments>, mma_grid<Wide>(task), task);
  } else {
    launch(name, many_rows_mma<Format, Deep, ScaledFragments>, mma_grid<Deep>(task), task);
  }
}
template <typename Format>
void many_rows_linear(const char* name, const Task<FloatRows>& task) {
  launch(name, many_rows<Format>, many_rows_grid(task), task);
}

template <typename Format>
void few_rows_mma_linear(const char* name, const Task<CodeRows>& task) {
  with_halves(task.x.rows, [&](auto halves) {
    const Grid grid = few_rows_grid<8 * halves()>(task);
    if constexpr (!kInRows<Format>) {
      if (task.w.layout.groups > 1) {
        launch_early(name, few_rows_mma<Format, halves(), ScaleOf::group>, grid, task, fetches_ahead());
        return;
      }
    }
    launch_early(name, few_rows_mma<Format, halves(), ScaleOf::row>, grid, task, fetches_ahead());
  });
}

/// y = f(x W^T + bias) by the kernels of this folder. `name` is for messages.
template <PanelFormat Format>
void panel_linear(const char* name, const Task<typename Format::Rows>& task) {
  check_layout(name, task.w.layout);
  if (!has_few_rows(task)) {
    many_rows_linear<Format>(name, task);
    return;
  }
  if constexpr (std::is_same_v<typename Format::Rows, CodeRows>) {
    if (task.x.rows >= switches().mma_rows) {
      few_rows_mma_linear<Format>(name, task);
      return;
    }
  }
  with_rows_of_pass<Format>(task.x.rows, [&](auto rows) {
    const Grid grid = few_rows_grid<rows()>(task);
    if constexpr (kInRows<Format>) {
      launch_early(name, few_rows_of_codes<Format, rows(), false>, grid, task, fetches_ahead());
    } else {
      if constexpr (!std::is_same_v<typename Format::Scales, NoScales>) {
        if (task.w.layout.groups > 1) {
          launch_early(name, few_rows_linear<Format, rows(), ScaleOf::group>, grid, task, fetches_ahead());
          return;
        }
      }
      launch_early(name, few_rows_linear<Format, rows(), ScaleOf::row>, grid, task, fetches_ahead());
    }
  });
}

/// The exact sums of each group.
template <CodeFormat Format>
void panel_product(const char* name, const Task<CodeRows>& task) {
  check_layout(name, task.w.layout);
  if (!has_few_rows(task)) {
    launch(name, many_rows_mma<Format, Wide, ExactFragments>, mma_grid<Wide>(task), task);
    return;
  }
  if (task.x.rows >= switches().mma_rows) {
    with_halves(task.x.rows, [&](auto halves) {
      launch_early(name, few_rows_mma_sums<Format, halves()>, few_rows_grid<8 * halves()>(task), task, fetches_ahead());
    });
    return;
  }
  with_rows_of_pass<Format>(task.x.rows, [&](auto rows) {
    const Grid grid = few_rows_grid<rows()>(task);
    if constexpr (kInRows<Format>) {
      launch_early(name, few_rows_of_codes<Format, rows(), true>, grid, task, fetches_ahead());
    } else {
      launch_early(name, few_rows_sums<Format, rows()>, grid, task, fetches_ahead());
    }
  });
}

}  // namespace
}  // namespace octet::cuda
