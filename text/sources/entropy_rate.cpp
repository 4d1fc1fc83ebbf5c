#include "text/sources/entropy_rate.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <utility>
#include <vector>

namespace octet {
namespace {

/// -p ln p, and 0 for 0.
double surprise(double p) {
  return p > 0 ? -p * std::log(p) : 0.0;
}

/// Two ways of the same text that have parted: where they are, and the text since.
struct Parted {
  std::size_t one, other;
  std::string text;
};

/// Looks for two ways that part and meet again, breadth first, so that a short text is found.
class AmbiguitySearch {
 public:
  explicit AmbiguitySearch(const SymbolSource& source)
      : source_(source), seen_(source.states() * source.states(), false) {}

  std::optional<std::string> run() {
    for (std::size_t s = 0; s < source_.states() && !found_; ++s) go_on({s, s, ""});
    while (!waiting_.empty() && !found_) {
      const Parted pair = std::move(waiting_.front());
      waiting_.pop_front();
      go_on(pair);
    }
    return found_;
  }

 private:
  void go_on(const Parted& pair) {
    const auto steps = source_.steps(pair.one), others = source_.steps(pair.other);
    for (std::size_t i = 0; i < steps.size(); ++i) {
      // From the same state, a step beside itself is no other way, and two steps make one pair.
      for (std::size_t j = pair.one == pair.other ? i + 1 : 0; j < others.size(); ++j) {
        if (steps[i].symbol == others[j].symbol) meet(pair, steps[i], others[j]);
      }
    }
  }

  void meet(const Parted& pair, const SourceStep& step, const SourceStep& other) {
    const auto one = static_cast<std::size_t>(std::min(step.to, other.to));
    const auto two = static_cast<std::size_t>(std::max(step.to, other.to));
    std::string text = pair.text + source_.symbols()[static_cast<std::size_t>(step.symbol)];
    if (one == two) {
      found_ = found_ ? found_ : std::move(text);
    } else if (!seen_[one * source_.states() + two]) {
      seen_[one * source_.states() + two] = true;
      waiting_.push_back({one, two, std::move(text)});
    }
  }

  const SymbolSource& source_;
  std::vector<bool> seen_;
  std::deque<Parted> waiting_;
  std::optional<std::string> found_;
};

double entropy_of_ways(const SymbolSource& source) {
  double entropy = 0;
  for (std::size_t s = 0; s < source.states(); ++s) {
    for (const SourceStep& step : source.steps(s)) entropy += source.stationary()[s] * surprise(step.probability);
  }
  return entropy;
}

/// Sums both bounds over all texts of one length.
class BoundSums {
 public:
  explicit BoundSums(const SymbolSource& source) : source_(source), states_(source.states()) {}

  EntropyBounds run(int length) {
    Joint first(states_ * states_, 0.0);
    for (std::size_t s = 0; s < states_; ++s) first[s * states_ + s] = source_.stationary()[s];
    add_texts(first, length);
    return {std::min(bounds_.low, bounds_.high), bounds_.high};  // where they meet, rounding can turn them around
  }

 private:
  /// P(X_0 = i, the text, X_now = s) at i * states + s.
  using Joint = std::vector<double>;

  void add_texts(const Joint& joint, int left) {
    if (left == 0) return add_text(joint);
    std::vector<Joint> longer(source_.symbols().size(), Joint(states_ * states_, 0.0));
    std::vector<bool> possible(longer.size(), false);
    for (std::size_t i = 0; i < states_; ++i) {
      for (std::size_t s = 0; s < states_; ++s) {
        const double p = joint[i * states_ + s];
        if (p == 0) continue;
        for (const SourceStep& step : source_.steps(s)) {
          const auto symbol = static_cast<std::size_t>(step.symbol);
          longer[symbol][i * states_ + static_cast<std::size_t>(step.to)] += p * step.probability;
          possible[symbol] = true;
        }
      }
    }
    for (std::size_t k = 0; k < longer.size(); ++k) {
      if (possible[k]) add_texts(longer[k], left - 1);
    }
  }

  /// P(text) H(next | text), with and without the first state.
  void add_text(const Joint& joint) {
    std::vector<double> all(source_.symbols().size(), 0.0), next(all.size());
    for (std::size_t i = 0; i < states_; ++i) {
      std::fill(next.begin(), next.end(), 0.0);
      for (std::size_t s = 0; s < states_; ++s) {
        for (const SourceStep& step : source_.steps(s)) {
          next[static_cast<std::size_t>(step.symbol)] += joint[i * states_ + s] * step.probability;
        }
      }
      bounds_.low += entropy_left(next);
      for (std::size_t k = 0; k < all.size(); ++k) all[k] += next[k];
    }
    bounds_.high += entropy_left(all);
  }

  /// sum_k -q_k ln(q_k / sum q)
  static double entropy_left(const std::vector<double>& q) {
    double sum = 0, entropy = 0;
    for (const double value : q) {
      sum += value;
      entropy += surprise(value);
    }
    return entropy - surprise(sum);
  }

  const SymbolSource& source_;
  std::size_t states_;
  EntropyBounds bounds_;
};

}  // namespace

std::optional<std::string> ambiguous_text(const SymbolSource& source) {
  return AmbiguitySearch(source).run();
}

EntropyBounds entropy_rate(const SymbolSource& source, std::int64_t most_texts) {
  if (!ambiguous_text(source)) {
    const double entropy = entropy_of_ways(source);
    return {entropy, entropy};
  }
  int length = 0;
  const double symbols = static_cast<double>(std::max<std::size_t>(2, source.symbols().size()));
  while (std::pow(symbols, length + 1) <= static_cast<double>(most_texts)) ++length;
  return BoundSums(source).run(length);
}

}  // namespace octet
