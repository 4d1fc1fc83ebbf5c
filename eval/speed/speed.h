#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/config/field.h"
#include "eval/score/named_model.h"
#include "eval/speed/interleave.h"

namespace octet {

/// What is timed: the `speed` section of a configuration.
struct SpeedOptions {
  std::int64_t prompt_tokens = 0;   ///< read at once by the prefill test; 0: the context
  std::int64_t decode_tokens = 64;  ///< made one by one by the decode test; at most the context
  std::int64_t warmups = 1;
  std::int64_t repetitions = 9;

  template <class V>
  void visit(V& v) {
    v("prompt_tokens", prompt_tokens, at_least(0));
    v("decode_tokens", decode_tokens, at_least(1));
    v("warmups", warmups, in_range(0, 1'000'000));
    v("repetitions", repetitions, in_range(1, 1'000'000));
  }
};

/// Speed of one model with one sequence (batch 1). Rates come from the median of the repetitions.
struct SpeedResult {
  std::string name;
  std::int64_t prompt_tokens = 0;
  std::int64_t decode_tokens = 0;
  double prefill_tokens_per_s = 0;
  double decode_tokens_per_s = 0;
  double prefill_speedup = 1;  ///< relative to the first model in the same run
  double decode_speedup = 1;
};

/// Times all models in the same rounds. Prefill reads a prompt at once into an empty key-value cache and computes the
/// logits of its last position; decode feeds single tokens to an empty cache. Tokens are random: which ones does not
/// change the work, and drawing them is not part of it. Error (run) where there are no models.
std::vector<SpeedResult> measure_speed(std::span<const NamedModel> models, const SpeedOptions& options = {},
                                       const Clock& clock = steady_seconds);

}  // namespace octet
