#include "text/sources/source_config.h"

#include "base/error.h"
#include "text/sources/random_sources.h"

namespace octet {

void SourceConfig::validate(Problems& problems) const {
  try {
    make_source(*this);
  } catch (const Error& error) {
    problems.add(kind == SourceKind::grammar  ? "rules"
                 : kind == SourceKind::markov ? "order"
                                              : "states",
                 "{}", error.what());
  }
}

SymbolSource make_source(const SourceConfig& config) {
  switch (config.kind) {
    case SourceKind::markov:
      return markov_source(config.alphabet, config.order, config.sharpness, config.seed);
    case SourceKind::hidden_markov:
      return hidden_markov_source(config.states, config.alphabet, config.sharpness, config.seed);
    case SourceKind::grammar:
      break;
  }
  return grammar_source(config.rules);
}

}  // namespace octet
