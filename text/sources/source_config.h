#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/config/field.h"
#include "text/sources/grammar.h"

namespace octet {

enum class SourceKind { markov, hidden_markov, grammar };

template <>
inline constexpr auto enum_names<SourceKind> = std::to_array<EnumName<SourceKind>>(
    {{SourceKind::markov, "markov"}, {SourceKind::hidden_markov, "hidden_markov"}, {SourceKind::grammar, "grammar"}});

/// A source of text: an entry of `sources` of the entropy lab. Keys that a kind does not name below do nothing there.
struct SourceConfig {
  std::string name;  ///< of its file and its run
  SourceKind kind = SourceKind::markov;
  std::uint64_t seed = 1;          ///< of its probabilities and of the text
  std::int64_t alphabet = 8;       ///< markov, hidden_markov: symbols
  std::int64_t order = 2;          ///< markov: symbols that the next one depends on
  std::int64_t states = 3;         ///< hidden_markov
  double sharpness = 1.5;          ///< markov, hidden_markov: how unequal probabilities are, 0: not at all
  std::vector<GrammarRule> rules;  ///< grammar: the first one's name is a sentence

  template <class V>
  void visit(V& v) {
    v("name", name, required(), not_empty());
    v("kind", kind, required());
    v("seed", seed);
    v("alphabet", alphabet, in_range(2, 26));
    v("order", order, in_range(1, 8));
    v("states", states, in_range(1, 32));
    v("sharpness", sharpness, in_range(0, 10));
    v("rules", rules);
  }
  void validate(Problems& problems) const;
};

/// Errors (config): those of the kinds.
SymbolSource make_source(const SourceConfig& config);

}  // namespace octet
