#include "text/sources/random_sources.h"

#include <cmath>
#include <string>

#include "base/error.h"
#include "base/random.h"

namespace octet {
namespace {

using Steps = std::vector<std::vector<SourceStep>>;

std::string letters(std::int64_t count) {
  check(count >= 1 && count <= 26, "[source] expected 1 to 26 symbols, got {}", count);
  return std::string("abcdefghijklmnopqrstuvwxyz").substr(0, static_cast<std::size_t>(count));
}

/// Rows of weights exp(sharpness z).
class WeightTable {
 public:
  WeightTable(const char* name, std::int64_t columns, double sharpness, std::uint64_t seed)
      : random_(seed, hash_name(name)), columns_(columns), sharpness_(sharpness) {}

  double at(std::int64_t row, std::int64_t column) const {
    return std::exp(sharpness_ * random_.normal(static_cast<std::uint64_t>(row * columns_ + column)));
  }
  double share(std::int64_t row, std::int64_t column) const {
    double sum = 0;
    for (std::int64_t c = 0; c < columns_; ++c) sum += at(row, c);
    return at(row, column) / sum;
  }

 private:
  Random random_;
  std::int64_t columns_;
  double sharpness_;
};

}  // namespace

SymbolSource markov_source(std::int64_t symbols, std::int64_t order, double sharpness, std::uint64_t seed) {
  std::int64_t states = 1;
  for (std::int64_t i = 0; i < order; ++i) {
    states *= symbols;
    if (states > static_cast<std::int64_t>(SymbolSource::kMostStates)) {
      fail(ErrorKind::config, "expected at most {} states, got {} symbols to the power of {}",
           SymbolSource::kMostStates, symbols, order);
    }
  }
  const WeightTable weights("markov.next", symbols, sharpness, seed);
  Steps steps(static_cast<std::size_t>(states));
  for (std::int64_t s = 0; s < states; ++s) {  // the last symbols as digits, the latest one last
    for (std::int64_t k = 0; k < symbols; ++k) {
      steps[static_cast<std::size_t>(s)].push_back({.to = static_cast<std::int32_t>((s * symbols + k) % states),
                                                    .symbol = static_cast<std::int32_t>(k),
                                                    .probability = weights.at(s, k)});
    }
  }
  return {letters(symbols), std::move(steps)};
}

SymbolSource hidden_markov_source(std::int64_t states, std::int64_t symbols, double sharpness, std::uint64_t seed) {
  const WeightTable moves("hidden_markov.moves", states, sharpness, seed);
  const WeightTable writes("hidden_markov.writes", symbols, sharpness, seed);
  Steps steps(static_cast<std::size_t>(states));
  for (std::int64_t from = 0; from < states; ++from) {
    for (std::int64_t to = 0; to < states; ++to) {
      for (std::int64_t k = 0; k < symbols; ++k) {
        steps[static_cast<std::size_t>(from)].push_back({.to = static_cast<std::int32_t>(to),
                                                         .symbol = static_cast<std::int32_t>(k),
                                                         .probability = moves.at(from, to) * writes.share(to, k)});
      }
    }
  }
  return {letters(symbols), std::move(steps)};
}

}  // namespace octet
