#include "quant/rounder.h"

#include <algorithm>
#include <utility>

#include "base/parallel.h"
#include "quant/scales.h"

namespace octet {

CodesRounder::CodesRounder(std::int64_t rows, std::int64_t columns, const GridKind& kind, Granularity granularity,
                           std::int64_t group, GridRule rule)
    : rule_(std::move(rule)), columns_(columns), stored_as_int4_(kind.scale_dtype == DType::f16) {
  static_cast<void>(kind.highest());  // an error for bits out of range
  const Shape scales = scales_shape(rows, columns, granularity, group);
  run_ = Codes::scale_run(granularity, group, columns);
  groups_ = (columns + run_ - 1) / run_;
  codes_ = {Tensor::empty({rows, columns}, DType::i8), Tensor::empty(scales), kind.bits, granularity, group};
  if (!kind.symmetric) {
    codes_.minimums = Tensor::empty(scales);
  }
  grids_.resize(static_cast<std::size_t>(scales.elements()));
}

std::size_t CodesRounder::grid_index(std::int64_t row, std::int64_t column) const {
  return one_scale() ? 0 : static_cast<std::size_t>(row * groups_ + column / run_);
}

void CodesRounder::fit(std::int64_t row, std::int64_t column, std::span<const float> values,
                       std::span<const float> weights) {
  const std::size_t index = grid_index(row, column);
  grids_[index] = rule_(values, weights);
  codes_.scales.data<float>()[index] = grids_[index].scale;
  if (!codes_.is_symmetric()) {
    codes_.minimums.data<float>()[index] = grids_[index].minimum;
  }
}

float CodesRounder::round(std::int64_t row, std::int64_t column, float x) {
  const Grid& grid = grids_[grid_index(row, column)];
  const int code = grid.code(x);
  codes_.codes.data<std::int8_t>()[row * columns_ + column] = static_cast<std::int8_t>(code);
  return grid.value(code);
}

AnyWeight CodesRounder::weight() {
  return stored_as_int4_ ? AnyWeight(Int4Weight(codes_)) : AnyWeight(Int8Weight(codes_));
}

void round_to_nearest(const Tensor& w, Rounder& rounder, std::span<const float> column_weights) {
  const Tensor dense = checked_weights(w);
  const std::int64_t columns = w.dim(1), run = rounder.run();
  check(column_weights.empty() || static_cast<std::int64_t>(column_weights.size()) == columns,
        "[quantize] expected {} weights of columns, got {}", columns, column_weights.size());
  const std::span<const float> values = dense.span<float>();
  if (rounder.one_scale()) {
    std::vector<float> weights;  // of each value
    for (std::int64_t row = 0; row < w.dim(0) && !column_weights.empty(); ++row) {
      weights.insert(weights.end(), column_weights.begin(), column_weights.end());
    }
    rounder.fit(0, 0, values, weights);
  }
  parallel_for(w.dim(0), 16, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      const auto of_row = values.subspan(static_cast<std::size_t>(row * columns), static_cast<std::size_t>(columns));
      for (std::int64_t first = 0; first < columns; first += run) {
        const auto from = static_cast<std::size_t>(first);
        const auto count = static_cast<std::size_t>(std::min(run, columns - first));
        if (!rounder.one_scale()) {
          rounder.fit(row, first, of_row.subspan(from, count),
                      column_weights.empty() ? column_weights : column_weights.subspan(from, count));
        }
        for (std::size_t c = from; c < from + count; ++c) {
          rounder.round(row, static_cast<std::int64_t>(c), of_row[c]);
        }
      }
    }
  });
}

}  // namespace octet
