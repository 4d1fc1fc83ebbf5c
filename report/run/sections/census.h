#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "eval/score/interval.h"
#include "report/run/sections/section.h"

namespace octet {

struct CensusChart;
struct OutlierStats;

/// The inputs of one layer, beside what ReportOutliers says of them.
struct ReportCensusLayer {
  std::string layer;
  double std = kNotMeasured;        ///< as in ReportOutliers, so that channels can be read without looking there
  double kurtosis = kNotMeasured;   ///< mean ((x - mean) / std)^4: 3 for normal values
  std::vector<double> channel_max;  ///< max |x| of each channel, to four digits

  template <class V>
  void visit(V& v) {
    v("layer", layer);
    v("std", std, allow_nonfinite());
    v("kurtosis", kurtosis, allow_nonfinite());
    v("channel_max", channel_max, allow_nonfinite());
  }
};

/// A channel of the residual stream with outliers (eval/outliers/census.h).
struct ReportRecurringChannel {
  std::int64_t channel = 0, layers = 0;
  double share_layers = kNotMeasured, share_positions = kNotMeasured, max_abs = kNotMeasured;
  bool systematic = false;

  template <class V>
  void visit(V& v) {
    v("channel", channel);
    v("layers", layers);
    v("share_layers", share_layers, allow_nonfinite());
    v("share_positions", share_positions, allow_nonfinite());
    v("max_abs", max_abs, allow_nonfinite());
    v("systematic", systematic);
  }
};

/// The activations channel by channel; without layers where they were not measured.
struct ReportCensus {
  std::int64_t residual_layers = 0;  ///< layers that read the residual stream
  std::int64_t recurring_channels = 0, systematic_channels = 0;
  std::vector<ReportCensusLayer> layers;
  std::vector<ReportRecurringChannel> recurring;  ///< those of the most layers first, at most kMostRecurring

  static constexpr std::size_t kMostRecurring = 20;

  template <class V>
  void visit(V& v) {
    v("residual_layers", residual_layers);
    v("recurring_channels", recurring_channels);
    v("systematic_channels", systematic_channels);
    v("layers", layers);
    v("recurring", recurring);
  }
};

/// Of the statistics that the outliers are counted from.
ReportCensus take_census(std::span<const OutlierStats> activations);

/// The chart of channels by layers.
CensusChart census_chart(const Report& report);

/// Which channels are outliers, in which layers. Draws all of them as a map.
ReportSection census_section();

}  // namespace octet
