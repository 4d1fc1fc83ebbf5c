#include "nn/gpt.h"

#include <optional>

#include "tensor/autograd/node.h"
#include "tensor/ops/cross_entropy.h"
#include "tensor/ops/elementwise.h"
#include "tensor/ops/view.h"

namespace octet {
namespace {

std::unique_ptr<Child<PositionTable>> make_positions(Module& owner, const GptConfig& config) {
  if (config.architecture == Architecture::llama) {
    return nullptr;
  }
  return std::make_unique<Child<PositionTable>>(owner, "positions",
                                                std::make_unique<PositionTable>(config.context, config.width));
}

std::unique_ptr<ChildList<Block>> make_blocks(const GptConfig& config) {
  auto blocks = std::make_unique<ChildList<Block>>();
  for (std::int64_t layer = 0; layer < config.layers; ++layer) {
    blocks->append(std::make_unique<Block>(config, layer));
  }
  return blocks;
}

std::unique_ptr<Child<LinearBase>> make_head(Module& owner, const GptConfig& config) {
  if (config.tied_head) {
    return nullptr;
  }
  return std::make_unique<Child<LinearBase>>(owner, "head",
                                             std::make_unique<Linear>(config.width, config.vocabulary, false));
}

}  // namespace

Gpt::Gpt(const GptConfig& config)
    : config_(checked(config)),
      embedding(*this, "embedding", std::make_unique<Embedding>(config.vocabulary, config.width)),
      positions(make_positions(*this, config)),
      blocks(*this, "blocks", make_blocks(config)),
      norm(*this, "norm", make_norm(config)),
      head(make_head(*this, config)) {}

Tensor Gpt::forward(const Tensor& ids, const ForwardOptions& options) {
  std::optional<NoGrad> no_grad;
  if (options.cache) {
    no_grad.emplace();
  }
  const Tensor logits = transform(embed(ids, options), options);
  if (options.cache) {
    options.cache->advance(ids.dim(1));
  }
  return logits;
}

Tensor Gpt::transform(const Tensor& embedded, const ForwardOptions& options) {
  Tensor hidden = embedded;
  for (std::int64_t layer = 0; layer < blocks->size(); ++layer) {
    hidden = (*blocks)[layer](hidden, options);
  }
  if (options.last_only) {
    const std::int64_t time = hidden.dim(1);
    hidden = contiguous(slice(hidden, 1, time - 1, time));
  }
  return logits_of(hidden);
}

Tensor Gpt::loss(const Tensor& ids, const Tensor& targets, const ForwardOptions& options) {
  check(!options.last_only, "[gpt] expected logits of every position for a loss, got last_only");
  // Nobody else sees these logits, and a head keeps only its input.
  return cross_entropy(forward(ids, options), targets, Logits::overwrite);
}

void Gpt::check_ids(const Tensor& ids, const ForwardOptions& options) const {
  check(ids.rank() == 2 && ids.dtype() == DType::i32 && ids.elements() > 0,
        "[gpt] expected ids (B, T) of i32, got {} {}", name_of(ids.dtype()), ids.shape());
  check(ids.dim(1) <= config_.context, "[gpt] expected at most {} positions (the context), got {}", config_.context,
        ids.dim(1));
  if (options.cache) {
    check(!options.training, "[gpt] expected no cache in training, got one");
    check(ids.dim(0) == options.cache->batch(), "[gpt] expected {} sequences as in the cache, got {}",
          options.cache->batch(), ids.dim(0));
    options.cache->check_room(ids.dim(1));
  }
}

Tensor Gpt::embed(const Tensor& ids, const ForwardOptions& options) {
  check_ids(ids, options);
  Tensor hidden = embedding->lookup(ids);  // (B, T, C)
  if (positions) {
    const std::int64_t first = options.cache ? options.cache->length() : 0;
    hidden = add(hidden, (*positions)(first, ids.dim(1)));
  }
  return apply_dropout(hidden, config_.dropout, options, "embedding");
}

Tensor Gpt::logits_of(const Tensor& hidden) {
  const auto normed = [&](const auto& layer) { return norm->for_layers(hidden, layer->input_codes()); };
  return head ? (*head)(normed(*head)) : embedding->project(normed(embedding));
}

}  // namespace octet
