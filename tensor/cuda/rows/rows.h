#pragma once

#include "tensor/cuda/language/pack.h"

// Kernels with one block for each row of a matrix: kThreads threads go over the columns in packs of kWidth.

namespace octet::cuda {

/// Numbers known to the compiler, as arguments.
template <int kWidthOf, int kThreadsOf>
struct RowShape {
  static constexpr int kWidth = kWidthOf;
  static constexpr int kThreads = kThreadsOf;
};

/// Calls body(RowShape) with the fastest shape for rows of this length, and the grid. A warp keeps a short row in
/// flight by itself and needs no barrier.
template <typename Body>
void for_rows(std::int64_t rows, std::int64_t columns, bool fours, const Body& body) {
  constexpr std::int64_t kShortRow = 1024;
  if (rows == 0) {
    return;
  }
  const auto with = [&](auto shape) { body(shape, Grid{dim3(static_cast<unsigned>(rows)), dim3(shape.kThreads)}); };
  if (columns <= kShortRow) {
    fours ? with(RowShape<4, kWarp>{}) : with(RowShape<1, kWarp>{});
  } else {
    fours ? with(RowShape<4, 256>{}) : with(RowShape<1, 256>{});
  }
}

/// f(array[c]...) for all columns of a row, as map() does.
template <typename Shape, typename F, typename... Arrays>
__device__ void map_row(std::int64_t columns, const F& f, Arrays... row) {
  for (std::int64_t c = threadIdx.x * Shape::kWidth; c < columns; c += Shape::kThreads * Shape::kWidth) {
    map_pack<Shape::kWidth>(f, row + c...);
  }
}

/// Sum of f(array[c]...) over the columns of a row; every thread gets it.
template <typename Shape, typename F, typename... Arrays>
__device__ float row_sum(std::int64_t columns, const F& f, Arrays... row) {
  float sum = 0.0F;
  const auto add = [&](auto... x) { sum += f(x...); };
  map_row<Shape>(columns, add, row...);
  return block_sum<Shape::kThreads>(sum);
}

/// The largest element of a row; every thread gets it.
template <typename Shape>
__device__ float row_max(std::int64_t columns, const float* row) {
  float max = row[0];
  map_row<Shape>(
      columns, [&](float x) { max = fmaxf(max, x); }, row);
  return block_max<Shape::kThreads>(max);
}

}  // namespace octet::cuda
