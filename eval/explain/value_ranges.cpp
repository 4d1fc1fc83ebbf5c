#include "eval/explain/value_ranges.h"

#include <algorithm>
#include <cmath>

#include "quant/scales.h"

namespace octet {

float matrix_range(const Tensor& m) {
  return largest_magnitude(m.span<float>());
}

std::vector<float> row_ranges(const Tensor& m) {
  std::vector<float> ranges;
  const auto columns = static_cast<std::size_t>(m.dim(1));
  const std::span<const float> values = m.span<float>();
  for (std::size_t row = 0; row < values.size(); row += columns) {
    ranges.push_back(largest_magnitude(values.subspan(row, columns)));
  }
  return ranges;
}

std::vector<float> column_ranges(const Tensor& m) {
  std::vector<float> ranges(static_cast<std::size_t>(m.dim(1)), 0.0F);
  const std::span<const float> values = m.span<float>();
  for (std::size_t i = 0; i < values.size(); ++i) {
    float& range = ranges[i % ranges.size()];
    range = std::max(range, std::fabs(values[i]));
  }
  return ranges;
}

std::vector<float> window_ranges(const LayerSample& sample) {
  std::vector<float> ranges;
  const std::span<const float> values = sample.x.span<float>();
  for (std::size_t w = 0; w + 1 < sample.first_row.size(); ++w) {
    const auto first = static_cast<std::size_t>(sample.first_row[w] * sample.channels());
    const auto end = static_cast<std::size_t>(sample.first_row[w + 1] * sample.channels());
    ranges.push_back(largest_magnitude(values.subspan(first, end - first)));
  }
  return ranges;
}

ReachHistogram reach_of(const Tensor& m, const RangeOf& range) {
  ReachHistogram reach(m.dim(1));
  const float* values = m.data<float>();
  for (std::int64_t row = 0; row < m.dim(0); ++row) {
    for (std::int64_t column = 0; column < m.dim(1); ++column) {
      reach.add(column, *values++, range(row, column));
    }
  }
  return reach;
}

}  // namespace octet
