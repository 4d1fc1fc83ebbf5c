#include "text/sources/source_reader.h"

#include <cmath>

#include "base/error.h"

namespace octet {

SourceReader::SourceReader(const SymbolSource& source) : source_(source), next_belief_(source.states(), 0.0) {
  for (std::size_t s = 0; s < source.states(); ++s) belief_.emplace_back(s, source.stationary()[s]);
}

std::vector<double> SourceReader::next() const {
  std::vector<double> probabilities(source_.symbols().size(), 0.0);
  for (const auto& [state, probability] : belief_) {
    for (const SourceStep& step : source_.steps(state)) {
      probabilities[static_cast<std::size_t>(step.symbol)] += probability * step.probability;
    }
  }
  return probabilities;
}

double SourceReader::read(std::size_t symbol) {
  std::vector<std::size_t> reached;
  double sum = 0;
  for (const auto& [state, probability] : belief_) {
    for (const SourceStep& step : source_.steps(state)) {
      if (static_cast<std::size_t>(step.symbol) != symbol) continue;
      const auto to = static_cast<std::size_t>(step.to);
      if (next_belief_[to] == 0) reached.push_back(to);
      next_belief_[to] += probability * step.probability;
      sum += probability * step.probability;
    }
  }
  if (!(sum > 0)) {
    fail(ErrorKind::input, "[source] expected a text of the source, got a symbol that it cannot write here");
  }
  belief_.clear();
  for (const std::size_t state : reached) belief_.emplace_back(state, std::exchange(next_belief_[state], 0.0) / sum);
  return sum;
}

double text_nats(const SymbolSource& source, std::string_view text) {
  SourceReader reader(source);
  double nats = 0;
  for (const char c : text) {
    const std::size_t symbol = source.symbols().find(c);
    if (symbol == std::string::npos) {
      fail(ErrorKind::input, "[source] expected the symbols \"{}\", got the byte {}", source.symbols(),
           static_cast<unsigned char>(c));
    }
    nats -= std::log(reader.read(symbol));
  }
  return nats;
}

}  // namespace octet
