#pragma once

#include <cstdint>

#include "nn/layers/gpt_config.h"

namespace octet {

/// Parameters of a Gpt of this shape, by formula.
std::int64_t parameter_count(const GptConfig& config);

/// Elements of the matrices that every token is multiplied with: the layers' projections and the output head (tied or
/// not). The look-up of embeddings multiplies nothing. This is the N of the figures below.
std::int64_t multiplied_parameters(const GptConfig& config);

/// Floating-point operations per token of a forward pass over sequences of `context` tokens: 2 N for the matrices, and
/// for causal attention 2 layers * context * width: q k^T and the sum over values cost 4 * width per pair of positions,
/// and half of the square of pairs is needed. Norms and activations are not counted (about 1 %).
double forward_flops_per_token(const GptConfig& config, std::int64_t context);

/// The same for a training step: 6 N + 6 layers * context * width, three times as much, since each product has two
/// gradients. Scores that backward computes again count as no useful work. Kaplan et al. 2020,
/// https://arxiv.org/abs/2001.08361, section 2.1; attention as in Chowdhery et al. 2022,
/// https://arxiv.org/abs/2204.02311, appendix B, halved for the causal mask.
double training_flops_per_token(const GptConfig& config, std::int64_t context);

}  // namespace octet
