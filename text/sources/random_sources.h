#pragma once

#include <cstdint>

#include "text/sources/symbol_source.h"

namespace octet {

// Sources whose probabilities are drawn. Those of a row are in proportion to exp(sharpness z) with normal z: with 0 all
// are equal, with 3 few symbols have nearly all of it. The symbols are a, b, c, ..., at most 26.

/// A Markov chain: the next of `symbols` symbols depends on the last `order` of them.
SymbolSource markov_source(std::int64_t symbols, std::int64_t order, double sharpness, std::uint64_t seed);

/// A hidden Markov model: a chain of `states` states, of which each writes a symbol by probabilities of its own when it
/// is entered.
SymbolSource hidden_markov_source(std::int64_t states, std::int64_t symbols, double sharpness, std::uint64_t seed);

}  // namespace octet
