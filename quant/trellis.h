#pragma once

#include "quant/second_moments.h"
#include "tensor/formats/trellis_weight.h"

namespace octet {

/// w (R, C) of f32 as a trellis of 2, 3 or 4 bits. A scale is found for each row from its mean square, so that its
/// weights are spread as the levels are; the walk of each tile (TrellisPath::find_ring) minimises
///
///     sum over the tile of (w_rc - level * scale_r)^2
///
/// and the scales are then the least squares fit of the rows by their levels. Rows should be nearly normally
/// distributed, as they are after a rotation (quant/transforms/rotate.h): a weight beyond 3.4 standard deviations of
/// its row is clipped. A row of zeros is restored exactly.
///
/// On unit Gaussians the mean square error is 0.0744, 0.0192, 0.0050 with 2, 3, 4 bits: 1.2 times the least that is
/// possible (Shannon's 4^-k), where int4 in groups of 32 has 3.5 times.
///
/// Errors: NaN or infinity in w, named with its index; (config) other bits; weights too large for a scale in FP16.
TrellisWeight trellis_quantize(const Tensor& w, int bits);

struct TrellisFeedback {
  TrellisWeight weight;
  double damping;  ///< that was needed, as gptq() returns it
};

/// The same with feedback: columns are rounded from the last to the first, and each makes up for the errors E of those
/// behind it, so that the output of the layer changes least. With H the second moments of the inputs and H = L D L^T,
/// the diagonal of the lower L being 1:
///
///     target of column c = W_c + sum over columns j > c of E_j L_jc
///
/// What is left is the sum over c of D_c times the squared distance of c from its target, and that is what the walks
/// minimise. Tiles behind are rounded when a tile comes. Within it, where 16 steps of the walk are a column, the errors
/// of a column are those of the best walk so far when the next one begins. The scales are in the end the least squares
/// fit of the layer's output. With H = I it is trellis_quantize().
///
/// Source: QTIP, section 4, which has feedback between tiles alone (Tseng et al. 2024, "QuIP#",
/// https://arxiv.org/abs/2402.04396, section 3.2); within a tile it is that of GPTQ (quant/gptq.h). Damping as in GPTQ:
/// a share of the mean of the diagonal, ten times as much for each time that H is not positive definite. Errors: as
/// above; other columns than the inputs have; no inputs.
TrellisFeedback trellis_gptq(const Tensor& w, const SecondMoments& inputs, int bits, double damping = 0.01);

}  // namespace octet
