#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "text/sources/symbol_source.h"

namespace octet {

/// Reads a text of a source and predicts its next symbol as well as anyone can who knows the source but not its state:
/// the forward algorithm. It begins with the stationary distribution, as in the middle of a text. The source must
/// outlive it. Source: Rabiner, "A tutorial on hidden Markov models", Proceedings of the IEEE 77 (1989), section III A.
class SourceReader {
 public:
  explicit SourceReader(const SymbolSource& source);

  /// P(next symbol = k | what was read).
  std::vector<double> next() const;

  /// Reads a symbol; its probability. Error (input) where the source cannot write it here.
  double read(std::size_t symbol);

 private:
  const SymbolSource& source_;
  std::vector<std::pair<std::size_t, double>> belief_;  ///< states that are possible, with their probabilities
  std::vector<double> next_belief_;                     ///< of all states, 0 between two calls
};

/// -ln P(text) in nats of a text that begins anywhere. Error (input) where the source cannot have written it.
double text_nats(const SymbolSource& source, std::string_view text);

}  // namespace octet
