#pragma once

#include <string>
#include <vector>

#include "eval/outliers/grid_use.h"
#include "tensor/formats/codes.h"

namespace octet {

/// One way to quantize the matrix of a study.
struct ImpactVariant {
  std::string title;  ///< "One scale for the matrix"
  Codes codes;
  Tensor dequantized;
  GridUse use;  ///< MSE, SNR and share of the levels that are used
};

/// What a few outliers do to a grid, and what repairs it: the same matrix quantized with
///     1. one scale that reaches to the largest value: outliers stretch the grid, most values share few levels;
///     2. one scale that is clipped: small steps for most values, a large error for the outliers;
///     3. one scale per channel: an outlier stretches the grid of its own channel only.
struct OutlierImpact {
  std::string layer;
  int bits = 4;
  Tensor original;                      ///< (channels, n): each row has a scale of its own in variant 3
  double clip = 0;                      ///< |x| beyond which variant 2 clips
  double clipped = 0;                   ///< share of the values beyond it
  std::vector<ImpactVariant> variants;  ///< exactly the three above
};

/// How the grid of a variant meets the matrix; refers to their tensors.
GridPanel panel_of(const ImpactVariant& variant, const Tensor& original);

/// The study of one matrix: a weight (out, in), or activations with channels as rows (`channels_first`). The clip is
/// the one with the smallest MSE among max|x| * 0.9^i. Errors: run for an all-zero matrix; as absmax_quantize.
OutlierImpact study_outlier_impact(const std::string& layer, const Tensor& matrix, int bits);

/// The step between two levels of the typical row or group.
double median_scale(const Codes& codes);

/// Activations (rows, C) as (C, rows).
Tensor channels_first(const Tensor& activations);

}  // namespace octet
