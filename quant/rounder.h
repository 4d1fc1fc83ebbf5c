#pragma once

#include <memory>
#include <span>

#include "quant/grid.h"
#include "tensor/formats/any_weight.h"

namespace octet {

/// Rounds a matrix (R, C) value by value and keeps what it becomes: the seam between the formats, which know scales and
/// codes, and the methods, which know in which order values are rounded and what becomes of the error.
///
/// A method calls fit() before it rounds the first value of a group, and round() once for each value. Rows may be
/// rounded on several threads.
class Rounder {
 public:
  virtual ~Rounder() = default;

  /// Columns of a row that share a scale: a group, or the whole row.
  virtual std::int64_t run() const = 0;
  /// All rows share one scale: fit() is called once, with the whole matrix.
  virtual bool one_scale() const = 0;
  /// Finds the scale of the group that holds (row, column), from values that its members have, in any order. `weights`
  /// tells how much an error of each counts; empty: all alike.
  virtual void fit(std::int64_t row, std::int64_t column, std::span<const float> values,
                   std::span<const float> weights) = 0;
  /// Rounds x and keeps its code at (row, column). Returns the value that the code stands for.
  virtual float round(std::int64_t row, std::int64_t column, float x) = 0;
  /// The matrix, once all its values are rounded.
  virtual AnyWeight weight() = 0;
};

/// Integer codes on grids, as Codes describes them.
class CodesRounder : public Rounder {
 public:
  CodesRounder(std::int64_t rows, std::int64_t columns, const GridKind& kind, Granularity granularity,
               std::int64_t group, GridRule rule);

  std::int64_t run() const override { return run_; }
  bool one_scale() const override { return codes_.granularity == Granularity::per_tensor; }
  void fit(std::int64_t row, std::int64_t column, std::span<const float> values,
           std::span<const float> weights) override;
  float round(std::int64_t row, std::int64_t column, float x) override;
  /// Int4Weight where scales are stored in f16, else Int8Weight.
  AnyWeight weight() override;
  const Codes& codes() const { return codes_; }

 private:
  std::size_t grid_index(std::int64_t row, std::int64_t column) const;

  GridRule rule_;
  Codes codes_;
  std::vector<Grid> grids_;  // as many as scales, in their order
  std::int64_t columns_, run_ = 0, groups_ = 0;
  bool stored_as_int4_;
};

/// Rounds each value of w by itself, to the nearest that its group can stand for. `column_weights` (C) tells how much
/// an error in each column counts when scales are found; empty: all alike. Errors: NaN or infinity in w, named with its
/// index.
void round_to_nearest(const Tensor& w, Rounder& rounder, std::span<const float> column_weights = {});

}  // namespace octet
