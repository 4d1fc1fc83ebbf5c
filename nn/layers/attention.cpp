#include "nn/layers/attention.h"

#include "tensor/ops/cached_attention.h"
#include "tensor/ops/rope.h"

namespace octet {
namespace {

HeadLayout layout_of(const GptConfig& config) {
  return {config.heads, config.key_value_heads(), config.head_dim()};
}

}  // namespace

Attention::Attention(const GptConfig& config, std::int64_t layer)
    : qkv(*this, "qkv", std::make_unique<Linear>(config.width, layout_of(config).width(), config.has_biases())),
      output(*this, "output", std::make_unique<Linear>(config.width, config.width, config.has_biases())),
      layer_(layer),
      layout_(layout_of(config)),
      rope_theta_(config.architecture == Architecture::llama ? std::optional(static_cast<float>(config.rope_theta))
                                                             : std::nullopt) {
  if (config.rotations.heads) {
    rotation_ = std::make_unique<Child<OnlineRotation>>(
        *this, "rotation", std::make_unique<OnlineRotation>(config.head_dim(), config.rotations.seed));
  }
}

Tensor Attention::operator()(const LayerInput& x, const ForwardOptions& options, const Epilogue& epilogue) {
  return output(attend(qkv(x), options), epilogue);
}

/// projected (B, T, (H + 2 Hkv) D) -> (B, T, H D). Where heads are rotated, positions come first, in an operation of
/// their own: their rotation of pairs and that of a head do not commute.
Tensor Attention::attend(const Tensor& projected, const ForwardOptions& options) const {
  const Past past = options.past_positions();
  if (options.cache && !rotation_) {
    return cached_attention(projected, layout_, options.cache->layer(layer_), past, rope_theta_);
  }
  Tensor heads = rope_theta_ ? rope(projected, layout_, *rope_theta_, past) : projected;
  if (rotation_) {
    heads = (*rotation_)(heads);
  }
  return options.cache ? cached_attention(heads, layout_, options.cache->layer(layer_), past)
                       : causal_attention(heads, layout_);
}

}  // namespace octet
