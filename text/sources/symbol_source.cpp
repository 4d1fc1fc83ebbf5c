#include "text/sources/symbol_source.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/error.h"
#include "base/random.h"

namespace octet {
namespace {

using Steps = std::vector<std::vector<SourceStep>>;

void check_steps(const std::string& symbols, const Steps& steps) {
  check(!symbols.empty() && std::set(symbols.begin(), symbols.end()).size() == symbols.size(),
        "[source] expected symbols that are different bytes, got \"{}\"", symbols);
  if (steps.size() > SymbolSource::kMostStates) {
    fail(ErrorKind::config, "expected a source of at most {} states, got {}", SymbolSource::kMostStates, steps.size());
  }
  check(!steps.empty(), "[source] expected states, got none");
  for (const auto& of_state : steps) {
    for (const SourceStep& step : of_state) {
      check(step.to >= 0 && static_cast<std::size_t>(step.to) < steps.size() && step.symbol >= 0 &&
                static_cast<std::size_t>(step.symbol) < symbols.size() && step.probability > 0,
            "[source] expected steps to one of {} states that write one of {} symbols, got state {}, symbol {} and "
            "weight {}",
            steps.size(), symbols.size(), step.to, step.symbol, step.probability);
    }
  }
}

void normalize(Steps& steps) {
  for (auto& of_state : steps) {
    double sum = 0;
    for (const SourceStep& step : of_state) sum += step.probability;
    for (SourceStep& step : of_state) step.probability /= sum;
  }
}

/// Whether all states can be reached from state 0 by these steps.
bool reaches_all(const Steps& steps) {
  std::vector<char> reached(steps.size(), 0);
  std::vector<std::size_t> waiting = {0};
  reached[0] = 1;
  while (!waiting.empty()) {
    const std::size_t state = waiting.back();
    waiting.pop_back();
    for (const SourceStep& step : steps[state]) {
      if (std::exchange(reached[static_cast<std::size_t>(step.to)], 1) == 0) {
        waiting.push_back(static_cast<std::size_t>(step.to));
      }
    }
  }
  return std::count(reached.begin(), reached.end(), 1) == static_cast<std::ptrdiff_t>(steps.size());
}

/// Only then is there one stationary distribution, and the text forgets where it began.
void check_connected(const Steps& steps) {
  Steps reversed(steps.size());
  for (std::size_t s = 0; s < steps.size(); ++s) {
    for (const SourceStep& step : steps[s]) {
      reversed[static_cast<std::size_t>(step.to)].push_back({.to = static_cast<std::int32_t>(s)});
    }
  }
  if (!reaches_all(steps) || !reaches_all(reversed)) {
    fail(ErrorKind::config, "expected a source in which every state can be reached from every other");
  }
}

/// pi P = pi by the elimination of states one after the other, which subtracts nothing and so loses no digits. Source:
/// Grassmann, Taksar, Heyman, "Regenerative analysis and steady state distributions for Markov chains", Operations
/// Research 33 (1985).
std::vector<double> stationary_distribution(const Steps& steps) {
  const std::size_t states = steps.size();
  std::vector<double> p(states * states, 0.0);
  for (std::size_t s = 0; s < states; ++s) {
    for (const SourceStep& step : steps[s]) p[s * states + static_cast<std::size_t>(step.to)] += step.probability;
  }
  for (std::size_t n = states - 1; n > 0; --n) {
    double leaves = 0;
    for (std::size_t j = 0; j < n; ++j) leaves += p[n * states + j];
    for (std::size_t i = 0; i < n; ++i) {
      const double into = p[i * states + n] /= leaves;
      if (into == 0) continue;
      for (std::size_t j = 0; j < n; ++j) p[i * states + j] += into * p[n * states + j];
    }
  }
  std::vector<double> pi(states, 1.0);
  double sum = 1;
  for (std::size_t n = 1; n < states; ++n) {
    pi[n] = 0;
    for (std::size_t i = 0; i < n; ++i) pi[n] += pi[i] * p[i * states + n];
    sum += pi[n];
  }
  for (double& value : pi) value /= sum;
  return pi;
}

}  // namespace

SymbolSource::SymbolSource(std::string symbols, std::vector<std::vector<SourceStep>> steps)
    : symbols_(std::move(symbols)), steps_(std::move(steps)) {
  check_steps(symbols_, steps_);
  check_connected(steps_);
  normalize(steps_);
  stationary_ = stationary_distribution(steps_);
}

std::string SymbolSource::generate(std::int64_t count, std::uint64_t seed) const {
  const Random first(seed, hash_name("source.first")), random(seed, hash_name("source.steps"));
  double u = first.uniform(0);
  std::size_t state = 0;
  while (state + 1 < states() && u >= stationary_[state]) u -= stationary_[state++];
  std::string text;
  text.reserve(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) {
    u = random.uniform(static_cast<std::uint64_t>(i));
    const std::vector<SourceStep>& choices = steps_[state];
    std::size_t chosen = 0;
    while (chosen + 1 < choices.size() && u >= choices[chosen].probability) u -= choices[chosen++].probability;
    text.push_back(symbols_[static_cast<std::size_t>(choices[chosen].symbol)]);
    state = static_cast<std::size_t>(choices[chosen].to);
  }
  return text;
}

}  // namespace octet
