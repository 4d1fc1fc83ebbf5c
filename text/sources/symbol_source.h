#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace octet {

/// A step of a source from one state to another, which writes a symbol.
struct SourceStep {
  std::int32_t to = 0;
  std::int32_t symbol = 0;
  double probability = 0;  ///< given the state that it leaves
};

/// A random text whose entropy can be computed: a finite set of states, and from each of them steps that write one
/// symbol each. A Markov chain is one (a state is the last symbols), so are a hidden Markov model and a grammar whose
/// sentences are finitely many (text/sources/random_sources.h, grammar.h). The text is stationary: its first state is
/// drawn from the stationary distribution pi, pi_t = sum over states s of pi_s P(s -> t).
class SymbolSource {
 public:
  /// Takes probabilities as relative weights of the steps of a state. A symbol is an index of `symbols`, whose bytes
  /// are what it looks like in a text. Errors: config where states are more than kMostStates, or one cannot be reached
  /// from another; run where a step leads nowhere, a weight is not positive, or symbols are not different bytes.
  SymbolSource(std::string symbols, std::vector<std::vector<SourceStep>> steps);

  static constexpr std::size_t kMostStates = 1024;

  const std::string& symbols() const { return symbols_; }
  std::size_t states() const { return steps_.size(); }
  std::span<const SourceStep> steps(std::size_t state) const { return steps_[state]; }
  const std::vector<double>& stationary() const { return stationary_; }

  /// `count` symbols, the same for the same seed.
  std::string generate(std::int64_t count, std::uint64_t seed) const;

 private:
  std::string symbols_;
  std::vector<std::vector<SourceStep>> steps_;
  std::vector<double> stationary_;
};

}  // namespace octet
