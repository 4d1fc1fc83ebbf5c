#include "text/sources/grammar.h"

#include <map>
#include <set>
#include <utility>

#include "base/error.h"
#include "base/nearest.h"
#include "base/shown_text.h"
#include "text/sources/entropy_rate.h"

namespace octet {
namespace {

constexpr std::size_t kMostSteps = 4096;  // of a state
constexpr std::size_t kDeepestNames = 64;

/// A symbol as a text of its own, or "<NAME>".
std::vector<std::string> items_of(const std::string& text) {
  std::vector<std::string> items;
  for (std::size_t at = 0; at < text.size(); at += items.back().size()) {
    const std::size_t end = text[at] == '<' ? text.find('>', at) : at;
    if (end == std::string::npos) fail(ErrorKind::config, "expected a > behind <, got \"{}\"", excerpt(text));
    items.push_back(text.substr(at, end + 1 - at));
  }
  return items;
}

/// Builds the automaton from the end of a sentence to its beginning. A state is what comes next together with the state
/// behind that, so that equal ends are shared.
class Compiler {
 public:
  explicit Compiler(const std::vector<GrammarRule>& rules) {
    for (const GrammarRule& rule : rules) rules_[rule.name].push_back(&rule);
  }

  SymbolSource run(const std::string& start) {
    steps_.emplace_back();  // state 0 is before a sentence
    std::vector<SourceStep> first = steps_of({"<" + start + ">", "\n"}, 0);
    steps_[0] = std::move(first);
    return {symbols_, std::move(steps_)};
  }

 private:
  /// The steps of a state from which the items lead to the state `then`.
  std::vector<SourceStep> steps_of(const std::vector<std::string>& items, std::int32_t then) {
    for (std::size_t i = items.size() - 1; i > 0; --i) then = state_of(items[i], then);
    return steps_of(items.front(), then);
  }

  std::vector<SourceStep> steps_of(const std::string& item, std::int32_t then) {
    if (item[0] != '<') return {{.to = then, .symbol = symbol_of(item[0]), .probability = 1}};
    const std::string name = item.substr(1, item.size() - 2);
    const std::vector<const GrammarRule*>& rules = rules_of(name);
    if (!open_.insert(name).second) {
      fail(ErrorKind::config, "expected a grammar in which no name contains itself, got one in which <{}> does", name);
    }
    if (open_.size() > kDeepestNames)
      fail(ErrorKind::config, "expected names at most {} deep, got more", kDeepestNames);
    double sum = 0;
    for (const GrammarRule* rule : rules) sum += rule->weight;
    std::vector<SourceStep> steps;
    for (const GrammarRule* rule : rules) {
      for (SourceStep step : steps_of(items_of(rule->text), then)) {
        step.probability *= rule->weight / sum;
        steps.push_back(step);
      }
      if (steps.size() > kMostSteps) {
        fail(ErrorKind::config, "expected at most {} ways to begin <{}>, got more", kMostSteps, name);
      }
    }
    open_.erase(name);
    return steps;
  }

  std::int32_t state_of(const std::string& item, std::int32_t then) {
    const auto known = states_.find({item, then});
    if (known != states_.end()) return known->second;
    std::vector<SourceStep> steps = steps_of(item, then);
    if (steps_.size() == SymbolSource::kMostStates) {
      fail(ErrorKind::config, "expected a grammar of at most {} places in its derivations, got more",
           SymbolSource::kMostStates);
    }
    steps_.push_back(std::move(steps));
    const auto state = static_cast<std::int32_t>(steps_.size() - 1);
    states_.emplace(std::pair(item, then), state);
    return state;
  }

  const std::vector<const GrammarRule*>& rules_of(const std::string& name) const {
    const auto found = rules_.find(name);
    if (found != rules_.end()) return found->second;
    std::vector<std::string> names;
    for (const auto& [known, rules] : rules_) names.push_back(known);
    const auto near = nearest_name(name, names);
    fail(ErrorKind::config, "no rule has the name \"{}\"{}", excerpt(name),
         near ? ", did you mean \"" + *near + "\"?" : "");
  }

  std::int32_t symbol_of(char c) {
    const std::size_t known = symbols_.find(c);
    if (known != std::string::npos) return static_cast<std::int32_t>(known);
    symbols_.push_back(c);
    return static_cast<std::int32_t>(symbols_.size() - 1);
  }

  std::map<std::string, std::vector<const GrammarRule*>> rules_;
  std::set<std::string> open_;  ///< names that are being written out
  std::map<std::pair<std::string, std::int32_t>, std::int32_t> states_;
  std::string symbols_;
  std::vector<std::vector<SourceStep>> steps_;
};

}  // namespace

SymbolSource grammar_source(const std::vector<GrammarRule>& rules) {
  if (rules.empty()) fail(ErrorKind::config, "expected rules of a grammar, got none");
  for (const GrammarRule& rule : rules) {
    if (rule.text.empty())
      fail(ErrorKind::config, "expected rules with a text, got none in \"{}\"", excerpt(rule.name));
    for (const char c : rule.text) {
      if (c >= ' ' && c <= '~') continue;
      fail(ErrorKind::config, "expected rules of printable ASCII, got the byte {} in \"{}\"",
           static_cast<int>(static_cast<unsigned char>(c)), excerpt(rule.text));
    }
  }
  SymbolSource source = Compiler(rules).run(rules.front().name);
  if (const auto text = ambiguous_text(source)) {
    fail(ErrorKind::config, "expected a grammar with one derivation for each text, got two of \"{}\"", excerpt(*text));
  }
  return source;
}

}  // namespace octet
