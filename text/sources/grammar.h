#pragma once

#include <string>
#include <vector>

#include "base/config/rules.h"
#include "text/sources/symbol_source.h"

namespace octet {

/// One way to write out a word of a grammar: `{name: noun_phrase, weight: 2, text: "the <noun>"}`.
struct GrammarRule {
  std::string name;
  double weight = 1;  ///< among the rules of this name: probability = weight / sum of weights
  std::string text;   ///< printable ASCII; <NAME> stands for what the rules of NAME write, so it cannot hold a <

  template <class V>
  void visit(V& v) {
    v("name", name, required(), not_empty());
    v("weight", weight, in_range(1e-6, 1e6));
    v("text", text, required(), not_empty());
  }
};

/// The sentences of a grammar one after the other, each with a line feed behind it. A sentence is what the first rule's
/// name stands for; no name may contain itself, so sentences are finitely many and the source is an automaton, whose
/// states are the places in the derivations.
///
/// Errors (config): no rules, a name without rules or with its own in it, a `<` without `>`, a byte that is no
/// printable ASCII, more states than SymbolSource takes, or a text with two derivations, since entropy then has no
/// closed form.
SymbolSource grammar_source(const std::vector<GrammarRule>& rules);

}  // namespace octet
