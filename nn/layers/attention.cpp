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
    : qkv(*this, "qkv", std::make_unique<Linear>(config.width, layout_of(config).width(), config.has_qkv_bias())),
      output(*this, "output", std::make_unique<Linear>(config.width, config.width, config.has_output_bias())),
      layer_(layer),
      layout_(layout_of(config)),
      rope_theta_(config.architecture == Architecture::llama ? std::optional(static_cast<float>(config.rope_theta))
                                                             : std::nullopt) {}

Tensor Attention::operator()(const LayerInput& x, const ForwardOptions& options, const Epilogue& epilogue) {
  const Past past = options.past_positions();
  const Tensor projected = qkv(x);  // (B, T, (H + 2 Hkv) D)
  if (options.cache) {
    return output(cached_attention(projected, layout_, options.cache->layer(layer_), past, rope_theta_), epilogue);
  }
  return output(causal_attention(rope_theta_ ? rope(projected, layout_, *rope_theta_, past) : projected, layout_),
                epilogue);
}

}  // namespace octet
