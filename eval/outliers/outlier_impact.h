#pragma once

#include <array>
#include <string>
#include <vector>

#include "eval/outliers/grid_use.h"
#include "tensor/formats/codes.h"

namespace octet {

/// Who shares a scale among the inputs of a layer.
enum class InputGrid {
  whole,    ///< all: the one scale reaches to the largest value, outliers stretch it, most values share few levels
  clipped,  ///< all, but the largest values become the end of a shorter grid: small steps for most, a large error for
            ///< few
  token,    ///< the values of one token: a token with large values spoils only itself. Integer products can use it
  /// The values of one channel: an outlier channel spoils only itself. No integer product can use it, for it stands
  /// inside the sum over channels; SmoothQuant gets the same grid by dividing inputs and multiplying weights.
  channel,
};
inline constexpr std::array kInputGrids = {InputGrid::whole, InputGrid::clipped, InputGrid::token, InputGrid::channel};

/// Inputs (rows, C) that were rounded to a symmetric grid with 2^bits - 1 levels.
struct GriddedInputs {
  Tensor codes;   ///< (rows, C) of i8
  Tensor values;  ///< (rows, C): what the codes stand for
  double step;    ///< between two levels; of the median token or channel where they differ
};
/// `clip`: the |x| that InputGrid::clipped ends at. Errors: as absmax_quantize.
GriddedInputs to_grid(const Tensor& inputs, InputGrid grid, int bits, double clip);

/// The end of a grid for all inputs with the smallest MSE, among max|x| * 0.9^i. 0 where all are 0.
double best_clip(const Tensor& inputs, int bits);

/// One grid for the inputs of a study.
struct ImpactVariant {
  std::string title;  ///< "One scale for all"
  GriddedInputs rounded;
  GridUse use;  ///< MSE, SNR and share of the levels that are used
};

/// What a few outliers do to a grid, and what repairs it: the same inputs on each of kInputGrids, in that order.
struct OutlierImpact {
  std::string layer;
  int bits = 4;
  Tensor original;     ///< (rows, C)
  double clip = 0;     ///< |x| beyond which InputGrid::clipped clips
  double clipped = 0;  ///< share of the values beyond it
  std::vector<ImpactVariant> variants;
};

/// How the grid of a variant meets the inputs; refers to their tensors.
GridPanel panel_of(const ImpactVariant& variant, const Tensor& original);

/// The study of the inputs (rows, C) of a layer. Errors: run for inputs that are all 0; as absmax_quantize.
OutlierImpact study_outlier_impact(const std::string& layer, const Tensor& inputs, int bits);

/// The step between two levels of the typical row or group.
double median_scale(const Codes& codes);

/// Activations (rows, C) as (C, rows).
Tensor channels_first(const Tensor& activations);

}  // namespace octet
