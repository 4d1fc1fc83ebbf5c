#pragma once

#include "quant/rounder.h"
#include "quant/second_moments.h"

namespace octet {

struct GptqSettings {
  /// Added to the diagonal of H, as a share of its mean: keeps H invertible where inputs are dependent.
  double damping = 0.01;
  /// Columns with large inputs first (GAR): within each group, and the groups by their largest column. Groups keep
  /// their members, so that a reader of the weight needs no index. Else from left to right.
  bool reorder = true;
};

/// GPTQ: rounds w (R, C) column after column, and lets the columns that are not rounded yet make up for the error, so
/// that the output of the layer changes least. With H the second moments of the inputs, and H^-1 = U^T U (U upper
/// triangular), a weight that becomes q passes its error on:
///
///     w_j -= (w_i - q) U_ij / U_ii        for all j behind i
///
/// The scale of a group is found when its first column comes, from what its weights are by then; an error in column i
/// counts 1 / U_ii^2, which is what is left of it after all columns behind have made up for it. Scales of rows and
/// matrices are found before the first column. With H = I it is rounding to nearest.
///
/// Source: Frantar et al. 2022, "GPTQ", https://arxiv.org/abs/2210.17323, algorithm 1 (with its blocks of columns);
/// the order of columns is that of GPTQModel (group-aware reordering). Returns the damping that was needed: the one
/// given, or ten times as much for each time that H was not positive definite. Errors: other columns than the inputs
/// have; no inputs; weights that are not finite.
double gptq(const Tensor& w, const SecondMoments& inputs, Rounder& rounder, const GptqSettings& settings = {});

/// Qronos: GPTQ that also undoes what rounding the layers before has changed. `inputs` are the second moments of what
/// the layer reads now, x', and `mixed` those of x' with x, what it read before anything was rounded; H = sum x' x'^T,
/// G = sum x' x^T. It minimises sum (w x - q x')^2:
///
///     q_1 = round((G_1 w - sum over j > 1 of H_1j w_j) / H_11)
///     w_j = the least squares solution for all j > 1 with q_1 given:  H_>> w_> = G_> w - H_>1 q_1
///
/// and then rounds the others as GPTQ does. Where x' = x this is GPTQ.
///
/// Source: Zhang et al. 2025, "Qronos: Correcting the Past by Shaping the Future in Post-Training Quantization",
/// https://arxiv.org/abs/2505.11695, section 3, in its efficient form: the first column alone looks at G.
double qronos(const Tensor& w, const SecondMoments& inputs, const SecondMoments& mixed, Rounder& rounder,
              const GptqSettings& settings = {});

}  // namespace octet
