#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/config/field.h"
#include "eval/microscope/microscope.h"
#include "tensor/tensor.h"

namespace octet {

// One matrix under the microscope: how its weights meet a grid, and what each way to store them loses.

/// A symmetric grid of 2^bits - 1 levels from -clip to clip, one for the whole matrix: x' = step * round(x / step) with
/// step = clip / (2^(bits-1) - 1), and what lies beyond the clip is drawn to it.
struct GridView {
  std::int64_t bits = 0;
  double clip = 0;
  double relative_mse = 0;           ///< sum (x - x')^2 / sum x^2
  std::vector<std::int64_t> counts;  ///< weights on each level, from the lowest on: 0 on a level that is wasted

  std::int64_t used() const;

  template <class V>
  void visit(V& v) {
    v("bits", bits);
    v("clip", clip, allow_nonfinite());
    v("relative_mse", relative_mse, allow_nonfinite());
    v("counts", counts);
  }
};
/// Errors: (run) unless 2 <= bits <= 8 and clip > 0.
GridView view_grid(std::span<const float> values, int bits, double clip);

/// The error of the grid of some bits, for each of MatrixView::clips.
struct ClipCurve {
  std::int64_t bits = 0;
  std::vector<double> relative_mse;

  template <class V>
  void visit(V& v) {
    v("bits", bits);
    v("relative_mse", relative_mse, allow_nonfinite());
  }
};

/// What one format makes of the matrix.
struct FormatView {
  std::string name;
  FormatLoss loss;

  template <class V>
  void visit(V& v) {
    v("name", name);
    v("loss", loss);
  }
};

/// The 16 levels of a format in units of the largest of them, or the 15 of int4.
struct CellView {
  std::string name;
  std::vector<double> levels;
  double bits_that_carry = 0;  ///< -sum p log2 p over the cells of the levels; at most 4

  template <class V>
  void visit(V& v) {
    v("name", name);
    v("levels", levels, allow_nonfinite());
    v("bits_that_carry", bits_that_carry, allow_nonfinite());
  }
};

/// Some of the weights, small enough for a page: whole stretches of rows, the largest weight among them.
struct WeightSample {
  std::int64_t rows = 0, columns = 0;
  std::string weights;          ///< base64 of (rows, columns) int16, little-endian: 32767 is MatrixView::max_abs
  std::vector<double> row_max;  ///< (rows) max |x| of the whole row, also where it is longer than `columns`

  template <class V>
  void visit(V& v) {
    v("rows", rows);
    v("columns", columns);
    v("weights", weights);
    v("row_max", row_max, allow_nonfinite());
  }
};

struct MatrixView {
  std::string tensor;  ///< "blocks.0.mlp.down.weight"
  std::string reason;  ///< why this one: "the largest outliers"
  std::vector<std::int64_t> shape;
  double std = 0, max_abs = 0, kurtosis = 0;
  double histogram_reach = 0;           ///< bins of equal width from minus this to this
  std::vector<std::int64_t> histogram;  ///< weights in each bin
  std::vector<double> channel_max;      ///< max |row| / std from the largest on; of many rows some
  GridView full, clipped;               ///< int4 up to the largest weight, and with the clip of the least error
  std::vector<double> clips;            ///< shares of the largest weight
  std::vector<ClipCurve> curves;        ///< for 2, 3, 4, 6 and 8 bits
  std::vector<double> block_histogram;  ///< shares of x / max |block of 32| in equal bins over [-1, 1]
  std::vector<CellView> cells;          ///< int4, nf4, table4
  std::vector<FormatView> formats;
  WeightSample sample;

  template <class V>
  void visit(V& v) {
    v("tensor", tensor);
    v("reason", reason);
    v("shape", shape);
    v("std", std, allow_nonfinite());
    v("max_abs", max_abs, allow_nonfinite());
    v("kurtosis", kurtosis, allow_nonfinite());
    v("histogram_reach", histogram_reach, allow_nonfinite());
    v("histogram", histogram);
    v("channel_max", channel_max, allow_nonfinite());
    v("full", full);
    v("clipped", clipped);
    v("clips", clips, allow_nonfinite());
    v("curves", curves);
    v("block_histogram", block_histogram, allow_nonfinite());
    v("cells", cells);
    v("formats", formats);
    v("sample", sample);
  }
};

/// A look at an FP32 matrix (R, C) in CPU memory. Curves and cells of a large one are taken from every n-th row, about
/// 2^18 weights. Errors: (run) a matrix of zeros, values that are not finite; as quantize_matrix.
MatrixView view_matrix(const std::string& tensor, const std::string& reason, const Tensor& matrix);

}  // namespace octet
