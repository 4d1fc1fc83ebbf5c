#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "nn/layers/kv_cache.h"

namespace octet {

/// How one forward pass runs.
struct ForwardOptions {
  bool training = false;           ///< dropout is active
  std::uint64_t dropout_seed = 0;  ///< another one for every step
  KvCache* cache = nullptr;        ///< where set, the ids continue what it holds; records no gradient
  std::optional<Past> past = {};   ///< how many positions that is, where it is not what the cache says: see DecodeStep
  bool last_only = false;          ///< logits of the last position alone: (B, 1, V)

  Past past_positions() const { return past ? *past : Past(cache != nullptr ? cache->length() : 0); }
};

/// Whether apply_dropout() changes anything.
bool drops(double probability, const ForwardOptions& options);
/// Dropout of the model: active only in training; `site` (`blocks.2.mlp`) gives each place a mask of its own.
Tensor apply_dropout(const Tensor& x, double probability, const ForwardOptions& options, const std::string& site);

}  // namespace octet
