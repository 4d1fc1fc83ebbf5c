#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "nn/generation/sample.h"
#include "nn/gpt.h"

namespace octet {

/// Continues `prompt` token by token with a key-value cache and returns the new ids. `on_token` sees each as it comes;
/// an exception it throws ends the generation. The stop token is neither returned nor shown.
///
///     SamplingOptions sampling;
///     sampling.max_tokens = 60;
///     const auto ids = generate(model, tokenizer.encode("In the beginning"), sampling);
///     fmt::print("{}\n", tokenizer.decode(ids));
///
/// Of a prompt longer than the context only the tail counts. Where the context is full, the model forgets all but the
/// last half of it and goes on from there. The i-th token uses the i-th random number of the seed, so a longer
/// generation starts with the shorter one. Errors: an empty prompt (ErrorKind::config), an id outside the vocabulary.
std::vector<std::int32_t> generate(Gpt& model, std::span<const std::int32_t> prompt, const SamplingOptions& options,
                                   const std::function<void(std::int32_t)>& on_token = {}, KvFormat kv = KvFormat::f32);

}  // namespace octet
