#include "eval/microscope/matrix_view.h"

#include <algorithm>
#include <cmath>

#include "base/base64.h"
#include "base/error.h"
#include "eval/outliers/histogram.h"
#include "tensor/formats/codebook_weight.h"

namespace octet {
namespace {

constexpr int kBits = 4;  // few enough levels to see
constexpr std::int64_t kBlock = 32;

/// Every n-th row of a large matrix.
std::vector<float> thinned(const Tensor& matrix) {
  constexpr std::int64_t kMostValues = 1 << 18;
  const std::int64_t columns = matrix.dim(1);
  const std::int64_t stride = std::max<std::int64_t>(1, matrix.elements() / kMostValues);
  std::vector<float> values;
  for (std::int64_t row = 0; row < matrix.dim(0); row += stride) {
    const float* x = matrix.data<float>() + row * columns;
    values.insert(values.end(), x, x + columns);
  }
  return values;
}

std::vector<double> clip_shares() {
  constexpr int kPoints = 50;
  std::vector<double> shares;
  for (int i = 1; i <= kPoints; ++i) shares.push_back(static_cast<double>(i) / kPoints);
  return shares;
}

/// max |row| of each row.
std::vector<double> row_maxima(const Tensor& matrix) {
  std::vector<double> maxima;
  const std::int64_t columns = matrix.dim(1);
  for (std::int64_t row = 0; row < matrix.dim(0); ++row) {
    double largest = 0;
    for (const float x :
         matrix.span<float>().subspan(static_cast<std::size_t>(row * columns), static_cast<std::size_t>(columns))) {
      largest = std::max(largest, std::abs(double{x}));
    }
    maxima.push_back(largest);
  }
  return maxima;
}

/// From the largest on, in units of `unit`; of many every n-th.
std::vector<double> sorted_ranges(std::vector<double> maxima, double unit) {
  constexpr std::size_t kMost = 256;
  std::sort(maxima.rbegin(), maxima.rend());
  const std::size_t stride = (maxima.size() + kMost - 1) / kMost;
  std::vector<double> ranges;
  for (std::size_t i = 0; i < maxima.size(); i += stride) ranges.push_back(maxima[i] / unit);
  return ranges;
}

/// Each weight divided by the largest magnitude of the 32 that it stands among; blocks of zeros are left out.
std::vector<float> block_shares(const std::vector<float>& values, std::int64_t columns) {
  std::vector<float> shares;
  for (std::size_t row = 0; row < values.size(); row += static_cast<std::size_t>(columns)) {
    for (std::int64_t begin = 0; begin < columns; begin += kBlock) {
      const float* x = values.data() + row + begin;
      const std::int64_t count = std::min(kBlock, columns - begin);
      float largest = 0;
      for (std::int64_t i = 0; i < count; ++i) largest = std::max(largest, std::abs(x[i]));
      for (std::int64_t i = 0; largest > 0 && i < count; ++i) shares.push_back(x[i] / largest);
    }
  }
  return shares;
}

std::vector<double> in_units_of_the_largest(std::span<const float> levels) {
  double largest = 0;
  for (const float level : levels) largest = std::max(largest, std::abs(double{level}));
  std::vector<double> scaled;
  for (const float level : levels) scaled.push_back(level / largest);
  return scaled;
}

CellView view_cells(const std::string& name, std::vector<double> levels, const std::vector<float>& shares) {
  std::vector<double> counts(levels.size());
  for (const float x : shares) {
    const auto nearest = std::min_element(levels.begin(), levels.end(),
                                          [&](double a, double b) { return std::abs(a - x) < std::abs(b - x); });
    counts[static_cast<std::size_t>(nearest - levels.begin())] += 1;
  }
  double entropy = 0;
  for (const double count : counts) {
    const double p = count / static_cast<double>(shares.size());
    if (p > 0) entropy -= p * std::log2(p);
  }
  return {name, std::move(levels), entropy};
}

std::vector<CellView> view_all_cells(const std::vector<float>& shares) {
  std::vector<float> int4;
  for (int code = -7; code <= 7; ++code) int4.push_back(static_cast<float>(code));
  const Levels nf4 = levels_of(Codebook::nf4, {}), table4 = levels_of(Codebook::table4, default_table4_levels());
  return {view_cells("int4", in_units_of_the_largest(int4), shares),
          view_cells("nf4", in_units_of_the_largest(nf4), shares),
          view_cells("table4", in_units_of_the_largest(table4), shares)};
}

std::vector<FormatView> view_formats(const Tensor& matrix) {
  const auto grid = [](double bits) {
    return WeightScheme{.bits = bits, .granularity = Granularity::per_group, .group = kBlock};
  };
  const auto levels = [](WeightFormat format, std::int64_t group) {
    return WeightScheme{.format = format, .granularity = Granularity::per_group, .group = group};
  };
  const std::pair<const char*, WeightScheme> schemes[] = {{"int2", grid(2)},
                                                          {"int3", grid(3)},
                                                          {"int4", grid(4)},
                                                          {"nf4", levels(WeightFormat::nf4, 64)},
                                                          {"table4", levels(WeightFormat::table4, kBlock)},
                                                          {"int8", grid(8)}};
  std::vector<FormatView> formats;
  for (const auto& [name, scheme] : schemes) formats.push_back({name, format_loss(matrix, scheme)});
  return formats;
}

/// The row and the column of the largest weight, and rows that lie evenly between the first and the last.
WeightSample take_sample(const Tensor& matrix, double max_abs, const std::vector<double>& row_max) {
  constexpr std::int64_t kRows = 16, kColumns = 256;
  constexpr double kLargestCode = 32767;
  const std::int64_t all_columns = matrix.dim(1);
  WeightSample sample;
  sample.rows = std::min(kRows, matrix.dim(0));
  sample.columns = std::min(kColumns, all_columns);
  const auto x = matrix.span<float>();
  const auto place = std::max_element(x.begin(), x.end(), [](float a, float b) { return std::abs(a) < std::abs(b); });
  const std::int64_t at = place - x.begin();
  // Blocks keep their neighbours: the stretch begins where one does.
  const std::int64_t first = std::min(at % all_columns / kBlock * kBlock, all_columns - sample.columns);
  const std::int64_t begin = first / kBlock * kBlock;
  std::string bytes;
  for (std::int64_t i = 0; i < sample.rows; ++i) {
    const std::int64_t even = i * matrix.dim(0) / sample.rows, next = (i + 1) * matrix.dim(0) / sample.rows;
    const std::int64_t row = at / all_columns >= even && at / all_columns < next ? at / all_columns : even;
    sample.row_max.push_back(row_max[static_cast<std::size_t>(row)]);
    for (std::int64_t c = 0; c < sample.columns; ++c) {
      const double share = x[static_cast<std::size_t>(row * all_columns + begin + c)] / max_abs;
      const auto code = static_cast<std::uint16_t>(static_cast<std::int16_t>(std::lround(share * kLargestCode)));
      bytes += static_cast<char>(code & 255);
      bytes += static_cast<char>(code >> 8);
    }
  }
  sample.weights = base64_of(bytes);
  return sample;
}

}  // namespace

std::int64_t GridView::used() const {
  return std::count_if(counts.begin(), counts.end(), [](std::int64_t count) { return count > 0; });
}

GridView view_grid(std::span<const float> values, int bits, double clip) {
  check(bits >= 2 && bits <= 8 && clip > 0, "[view_grid] expected 2 to 8 bits and a clip above 0, got {} and {}", bits,
        clip);
  const int top = (1 << (bits - 1)) - 1;
  const double step = clip / top;
  GridView view{bits, clip, 0, std::vector<std::int64_t>(static_cast<std::size_t>(2 * top + 1))};
  double noise = 0, signal = 0;
  for (const float x : values) {
    const double code = std::clamp(std::nearbyint(x / step), -static_cast<double>(top), static_cast<double>(top));
    ++view.counts[static_cast<std::size_t>(code + top)];
    noise += (x - step * code) * (x - step * code);
    signal += double{x} * x;
  }
  view.relative_mse = signal > 0 ? noise / signal : 0;
  return view;
}

MatrixView view_matrix(const std::string& tensor, const std::string& reason, const Tensor& matrix) {
  constexpr int kBins = 121, kBlockBins = 81;  // odd, so that zero has a bin of its own
  const auto all = matrix.span<float>();
  check(std::all_of(all.begin(), all.end(), [](float x) { return std::isfinite(x); }),
        "[microscope] {}: expected finite weights, got others", tensor);
  const Moments moments = measure_moments(all);
  check(moments.max_abs > 0 && moments.std > 0, "[microscope] {}: expected weights that differ, got equal ones",
        tensor);
  MatrixView view;
  view.tensor = tensor;
  view.reason = reason;
  view.shape = {matrix.dim(0), matrix.dim(1)};
  view.std = moments.std;
  view.max_abs = moments.max_abs;
  view.kurtosis = kurtosis(all);
  view.histogram_reach = 1.03 * moments.max_abs;
  view.histogram = make_histogram(all, -view.histogram_reach, view.histogram_reach, kBins).counts;
  const std::vector<double> row_max = row_maxima(matrix);
  view.channel_max = sorted_ranges(row_max, moments.std);

  const std::vector<float> values = thinned(matrix);
  view.clips = clip_shares();
  for (const int bits : {2, 3, 4, 6, 8}) {
    ClipCurve curve{bits, {}};
    for (const double share : view.clips) {
      curve.relative_mse.push_back(view_grid(values, bits, share * moments.max_abs).relative_mse);
    }
    if (bits == kBits) {
      const auto best = std::min_element(curve.relative_mse.begin(), curve.relative_mse.end());
      const double share = view.clips[static_cast<std::size_t>(best - curve.relative_mse.begin())];
      view.clipped = view_grid(all, bits, share * moments.max_abs);
    }
    view.curves.push_back(std::move(curve));
  }
  view.full = view_grid(all, kBits, moments.max_abs);

  const std::vector<float> shares = block_shares(values, matrix.dim(1));
  const Histogram blocks = make_histogram(shares, -1.0, 1.0, kBlockBins);
  for (std::size_t bin = 0; bin < blocks.counts.size(); ++bin) view.block_histogram.push_back(blocks.share(bin));
  view.cells = view_all_cells(shares);
  view.formats = view_formats(matrix);
  view.sample = take_sample(matrix, moments.max_abs, row_max);
  return view;
}

}  // namespace octet
