#include "eval/explain/best_input.h"

namespace octet {

const InputError* best_input(const LayerFacts& facts) {
  const InputError* best = nullptr;
  for (const InputError& error : facts.inputs) {
    if (error.method == InputMethod::channel || !error.is_measured()) continue;
    if (best == nullptr || error.measured < best->measured) best = &error;
  }
  return best;
}

}  // namespace octet
