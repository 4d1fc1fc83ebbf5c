#pragma once

#include <cstdint>

#include "nn/gpt.h"

namespace octet {

/// Fills a model as GPT-2 does (Radford et al. 2019, section 2.3): weights and tables normal with standard deviation
/// 0.02; the matrices that write into the residual stream (attention.output, mlp.down) with 0.02 / sqrt(2 layers), so
/// that its variance does not grow with depth; gains 1, biases 0. Every element depends only on (seed, parameter name,
/// index): the order of filling and the number of threads do not matter.
void initialize(Gpt& model, std::uint64_t seed);

}  // namespace octet
