#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace octet {

/// Observes the channels (columns) of a layer's inputs in one pass: what transforms choose their factors from
/// (quant/transforms/). Outliers sit in few channels, whatever the token, so that these numbers tell where they are.
class ChannelRange {
 public:
  /// Rows of `channels` finite values each. Errors (run): another number of channels than before; a part of a row.
  void add(std::span<const float> values, std::int64_t channels);

  std::int64_t channels() const { return static_cast<std::int64_t>(largest_.size()); }
  std::int64_t rows() const { return rows_; }
  /// max |x_j| over all rows.
  float largest(std::int64_t channel) const;
  /// Mean of |x_j| over all rows.
  double mean_magnitude(std::int64_t channel) const;
  /// Mean of x_j^2 over all rows: the diagonal of E[x x^T].
  double mean_square(std::int64_t channel) const;

 private:
  std::size_t index(std::int64_t channel) const;

  std::vector<float> largest_;
  std::vector<double> magnitudes_, squares_;  // sums
  std::int64_t rows_ = 0;
};

}  // namespace octet
