#pragma once

#include "eval/explain/facts.h"

namespace octet {

/// The way of rounding the inputs that loses least among those that integer products can use, which a scale per channel
/// is not; null for a layer of zeros.
const InputError* best_input(const LayerFacts& facts);

}  // namespace octet
