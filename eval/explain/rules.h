#pragma once

#include <string>
#include <vector>

#include "eval/explain/facts.h"

namespace octet {

/// A sentence or two about a layer, with the numbers it rests on.
struct LayerVerdict {
  std::string rule;  ///< name of the rule: "range", "token", ...
  std::string text;

  template <class V>
  void visit(V& v) {
    v("rule", rule);
    v("text", text);
  }
};

/// What the facts say, in the order in which a person would ask: where the range goes, what one static scale costs,
/// what each remedy was predicted to remove of that and removed, the weights, and how well the formulas did. Each rule
/// is a function of the facts alone. One verdict, "zero", for a layer that reads or holds nothing but zeros.
std::vector<LayerVerdict> verdicts(const LayerFacts& facts);

/// Beyond this the formula is said to have missed: |predicted / measured - 1|.
inline constexpr double kGoodPrediction = 0.15;

/// The largest |predicted / measured - 1| of all methods of the layer that were measured; 0 where none was.
double worst_prediction(const LayerFacts& facts);

/// The methods by the names that verdicts and tables call them.
const char* title_of(InputMethod method);
const char* title_of(WeightMethod method);
/// A relative squared error: "0.0123 %".
std::string error_text(double error);

}  // namespace octet
