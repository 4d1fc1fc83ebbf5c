#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/config/field.h"
#include "eval/outliers/running_moments.h"
#include "tensor/tensor.h"

namespace octet {

/// What counts as an outlier: the `outliers` section of a configuration.
struct OutlierOptions {
  /// Standard deviations from the mean. Among normal values 2 in 10^9 lie beyond 6, so any count is a finding; at 3 the
  /// normal tail alone (0.27 %) would be flagged.
  double threshold = 6.0;
  /// |x| >= 6 marks the inputs that LLM.int8 keeps in 16 bits: Dettmers et al. 2022, https://arxiv.org/abs/2208.07339,
  /// section 3.
  double absolute = 6.0;

  template <class V>
  void visit(V& v) {
    v("threshold", threshold, positive());
    v("absolute", absolute, positive());
  }
};

/// Outliers among the values (rows, C) that one layer reads, or of its weight.
struct OutlierStats {
  std::string layer;  ///< dotted name
  RunningMoments moments;
  double max_abs = 0;
  double max_over_std = 0;                   ///< max |x - mean| / std: how much of the range a single value claims
  std::int64_t beyond_sigma = 0;             ///< values with |x - mean| > threshold * std
  std::int64_t beyond_absolute = 0;          ///< values with |x| >= absolute
  double kurtosis = 0;                       ///< mean ((x - mean) / std)^4: 3 for normal values; 0 where all are equal
  std::vector<float> channel_max;            ///< (C) max |x| of each column
  std::vector<std::int64_t> channel_beyond;  ///< (C) how many values of each column have |x| >= absolute

  double share_sigma() const { return share(beyond_sigma); }
  double share_absolute() const { return share(beyond_absolute); }

 private:
  double share(std::int64_t part) const {
    return moments.count == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(moments.count);
  }
};

/// Counts the outliers of matrices that come piece by piece. "Beyond k standard deviations" needs the mean and
/// deviation of all values first: they come from a first pass (RunningMoments), this is the second.
class OutlierCounter {
 public:
  OutlierCounter(std::string layer, const RunningMoments& moments, const OutlierOptions& options);

  /// x (..., C) of f32, each piece with the same C. The same counts for any number of threads.
  void add(const Tensor& x);
  OutlierStats finish() const;

 private:
  struct Partial;
  void merge(const Partial& partial);

  OutlierOptions options_;
  OutlierStats stats_;
  double max_deviation_ = 0;
  double fourth_powers_ = 0;  ///< sum of ((x - mean) / std)^4
};

/// Both passes over one matrix, for example a weight: a column is then an input of the layer. Error (run) where a value
/// is not finite.
OutlierStats matrix_outliers(const std::string& name, const Tensor& matrix, const OutlierOptions& options = {});

}  // namespace octet
