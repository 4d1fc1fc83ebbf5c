#pragma once

#include <optional>
#include <span>
#include <string>

#include "quant/recipe.h"
#include "quant/second_moments.h"

namespace octet {

/// What is known of the inputs of a layer when its turn comes to be rounded.
struct LayerMoments {
  SecondMoments inputs;  ///< of x', what the layer reads now
  SecondMoments mixed;   ///< of x' with x, what it read before anything was rounded; only where qronos asks
};

/// The stored form of one matrix (R, C), and what there is to say about it.
struct QuantizedMatrixResult {
  AnyWeight weight;
  std::string remark = {};               ///< "damped by 10 % of the mean square of the inputs": what is unusual
  std::optional<LowRank> low_rank = {};  ///< where scheme.low_rank asks: quant/low_rank.h
};

/// Stores a matrix as `scheme` says. `inputs` are needed where scheme.needs_inputs(), and may be null elsewhere.
/// Errors: (config) fp32, which is no stored form; (run) inputs that are needed and not given; see the methods.
QuantizedMatrixResult quantize_matrix(const Tensor& weight, const WeightScheme& scheme, const LayerMoments* inputs);
AnyWeight quantize_matrix(const Tensor& weight, const WeightScheme& scheme);

}  // namespace octet
