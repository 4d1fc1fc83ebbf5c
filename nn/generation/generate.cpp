#include "nn/generation/generate.h"

#include <algorithm>

#include "base/random.h"
#include "nn/generation/decode_step.h"

namespace octet {
namespace {

/// The text so far and the cache over it.
class Decoder {
 public:
  Decoder(Gpt& model, std::span<const std::int32_t> prompt, KvFormat kv)
      : model_(model),
        cache_(model.config(), 1, kv, model.device()),
        step_(model, cache_),
        history_(prompt.begin(), prompt.end()) {
    logits_ = continue_with(tail(cache_.capacity()));
  }

  std::span<const float> logits() const { return logits_.span<float>(); }

  void append(std::int32_t id) {
    history_.push_back(id);
    if (cache_.length() < cache_.capacity()) {
      logits_ = step_(ids_of(tail(1))).to(DeviceKind::cpu);
    } else {
      cache_.reset();
      logits_ = continue_with(tail(std::max<std::int64_t>(cache_.capacity() / 2, 1)));
    }
  }

 private:
  std::span<const std::int32_t> tail(std::int64_t count) const {
    return std::span(history_).last(std::min(static_cast<std::size_t>(count), history_.size()));
  }

  static Tensor ids_of(std::span<const std::int32_t> ids) {
    return Tensor::from(ids, {1, static_cast<std::int64_t>(ids.size())});
  }

  Tensor continue_with(std::span<const std::int32_t> ids) {
    ForwardOptions options;
    options.cache = &cache_;
    options.last_only = true;
    return model_.forward(ids_of(ids), options).to(DeviceKind::cpu);
  }

  Gpt& model_;
  KvCache cache_;
  DecodeStep step_;
  std::vector<std::int32_t> history_;
  Tensor logits_;  // (1, 1, V) in CPU memory, after the last id of the history
};

}  // namespace

std::vector<std::int32_t> generate(Gpt& model, std::span<const std::int32_t> prompt, const SamplingOptions& options,
                                   const std::function<void(std::int32_t)>& on_token, KvFormat kv) {
  if (prompt.empty()) {
    fail(ErrorKind::config, "[generate] expected a prompt of at least one token, got none");
  }
  std::vector<std::int32_t> generated;
  if (options.max_tokens <= 0) {
    return generated;
  }

  const Random random(options.seed, hash_name("generate"));
  Decoder decoder(model, prompt, kv);
  while (true) {
    const std::int32_t id = sample(decoder.logits(), options, random.uniform(generated.size()));
    if (id == options.stop_token) {
      return generated;
    }
    generated.push_back(id);
    if (on_token) {
      on_token(id);
    }
    if (static_cast<std::int64_t>(generated.size()) == options.max_tokens) {
      return generated;
    }
    decoder.append(id);
  }
}

}  // namespace octet
