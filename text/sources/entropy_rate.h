#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "text/sources/symbol_source.h"

namespace octet {

/// The entropy rate lies between them; they are equal where it is known exactly.
struct EntropyBounds {
  double low = 0, high = 0;  ///< nats per symbol

  double middle() const { return (low + high) / 2; }
};

/// A text that the source writes by two ways from one state to another; none where there is no such text.
std::optional<std::string> ambiguous_text(const SymbolSource& source);

/// The entropy rate H of a source: nats per symbol of a long text, which no model can predict better than.
///
/// Where a text, with its first and last state, tells the way that wrote it (no ambiguous_text), the two have the same
/// rate, and that of the way is a sum over states s with stationary probability pi_s and their steps with p_i:
///     H = - sum_s pi_s sum_i p_i ln p_i.
/// So it is for every Markov chain, and for a grammar with one derivation for each sentence, where it equals the
/// entropy of a sentence over its expected length. Sources: Shannon, "A mathematical theory of communication", 1948,
/// section 7; Cover and Thomas, "Elements of Information Theory", theorem 4.2.4; Grenander, "Syntax-controlled
/// probabilities", 1967.
///
/// Else there is no closed form, but bounds that approach it from both sides with n (Y_i the symbols, X_0 the state
/// before them), which are summed over all texts of n - 1 symbols, at most `most_texts` of them:
///     H(Y_n | Y_1 ... Y_{n-1}, X_0) <= H <= H(Y_n | Y_1 ... Y_{n-1}).
/// Source: Cover and Thomas, theorem 4.5.1.
EntropyBounds entropy_rate(const SymbolSource& source, std::int64_t most_texts = std::int64_t{1} << 20);

}  // namespace octet
