#pragma once

#include "tensor/cuda/few_rows.h"
#include "tensor/cuda/many_codes.h"
#include "tensor/cuda/many_rows.h"

namespace octet::cuda {
namespace {

// Up to here the weights are read a few times at most, and there is too little arithmetic for tiles of 64 rows.
constexpr std::int64_t kFewRows = 16;

/// y = f(x W^T + bias) by the kernels of this folder. `name` is for messages.
template <typename Format>
void panel_linear(const char* name, const Task<typename Format::Rows>& task) {
  if (task.x.rows > kFewRows) {
    if constexpr (std::is_same_v<typename Format::Rows, CodeRows>) {
      launch_many_codes<Format, ScaledCodeSums>(name, task);
    } else {
      launch(name, many_rows<Format>, many_rows_grid(task), task);
    }
    return;
  }
  with_rows_of_pass<Format>(task.x.rows, [&](auto rows) {
    if constexpr (!std::is_same_v<typename Format::Scales, NoScales>) {
      if (task.w.layout.groups > 1) {
        launch(name, few_rows_linear<Format, rows(), ScaleOf::group>, few_rows_grid<rows()>(task), task);
        return;
      }
    }
    launch(name, few_rows_linear<Format, rows(), ScaleOf::row>, few_rows_grid<rows()>(task), task);
  });
}

/// The exact sums of each group, of integer formats.
template <typename Format>
void panel_product(const char* name, const Task<typename Format::Rows>& task) {
  if (task.x.rows > kFewRows) {
    launch_many_codes<Format, ExactCodeSums>(name, task);
    return;
  }
  with_rows_of_pass<Format>(
      task.x.rows, [&](auto rows) { launch(name, few_rows_sums<Format, rows()>, few_rows_grid<rows()>(task), task); });
}

}  // namespace
}  // namespace octet::cuda
