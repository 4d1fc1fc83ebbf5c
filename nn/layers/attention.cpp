#include "nn/layers/attention.h"

#include "tensor/ops/cached_attention.h"
#include "tensor/ops/head_gate.h"
#include "tensor/ops/rope.h"
#include "tensor/ops/view.h"

namespace octet {
namespace {

HeadLayout layout_of(const GptConfig& config) {
  return {config.heads, config.key_value_heads(), config.head_dim()};
}

std::unique_ptr<Child<NormBase>> make_head_norm(Module& owner, const char* name, const GptConfig& config) {
  if (!config.qk_norm) return nullptr;
  return std::make_unique<Child<NormBase>>(owner, name,
                                           std::make_unique<RmsNorm>(config.head_dim(), config.norm_epsilon));
}

std::unique_ptr<Child<LinearBase>> make_gate(Module& owner, const GptConfig& config) {
  if (!config.attention_gate) return nullptr;
  return std::make_unique<Child<LinearBase>>(owner, "gate", std::make_unique<Linear>(config.width, config.heads, true));
}

/// The norm of each head: x (B, T, heads D) -> the same shape.
Tensor each_head(const Child<NormBase>& norm, const Tensor& x, std::int64_t head_dim) {
  const Tensor heads = reshape(contiguous(x), {x.dim(0), x.dim(1), -1, head_dim});
  return reshape(norm(heads), {x.dim(0), x.dim(1), x.dim(2)});
}

}  // namespace

Attention::Attention(const GptConfig& config, std::int64_t layer)
    : qkv(*this, "qkv", std::make_unique<Linear>(config.width, layout_of(config).width(), config.has_qkv_bias())),
      query_norm(make_head_norm(*this, "query_norm", config)),
      key_norm(make_head_norm(*this, "key_norm", config)),
      gate(make_gate(*this, config)),
      output(*this, "output", std::make_unique<Linear>(config.width, config.width, config.has_output_bias())),
      layer_(layer),
      layout_(layout_of(config)),
      gamma_(static_cast<float>(config.attention_gamma())),
      rope_theta_(config.architecture == Architecture::llama ? std::optional(static_cast<float>(config.rope_theta))
                                                             : std::nullopt) {
  if (config.rotations.heads) {
    rotation_ = std::make_unique<Child<OnlineRotation>>(
        *this, "rotation", std::make_unique<OnlineRotation>(config.head_dim(), config.rotations.seed));
  }
}

Tensor Attention::operator()(const LayerInput& x, const ForwardOptions& options, const Epilogue& epilogue) {
  const Tensor projected = normalised(qkv(x));              // (B, T, (H + 2 Hkv) D)
  const Tensor gate_logits = gate ? (*gate)(x) : Tensor();  // (B, T, H)
  const Tensor attended = attend(projected, options);       // (B, T, H D)
  return output(gate ? head_gate(attended, gate_logits) : attended, epilogue);
}

Tensor Attention::normalised(const Tensor& projected) const {
  if (!query_norm) return projected;
  const std::int64_t queries = layout_.query_width(), keys = queries + layout_.kv_width();
  return concat({each_head(*query_norm, slice(projected, 2, 0, queries), layout_.head_dim),
                 each_head(*key_norm, slice(projected, 2, queries, keys), layout_.head_dim),
                 slice(projected, 2, keys, layout_.width())});
}

/// projected (B, T, (H + 2 Hkv) D) -> (B, T, H D). Where heads are rotated, positions come first, in an operation of
/// their own: their rotation of pairs and that of a head do not commute.
Tensor Attention::attend(const Tensor& projected, const ForwardOptions& options) const {
  const Past past = options.past_positions();
  if (options.cache && !rotation_) {
    return cached_attention(projected, layout_, options.cache->layer(layer_), past, rope_theta_, gamma_);
  }
  Tensor heads = rope_theta_ ? rope(projected, layout_, *rope_theta_, past) : projected;
  if (rotation_) {
    heads = (*rotation_)(heads);
  }
  return options.cache ? cached_attention(heads, layout_, options.cache->layer(layer_), past, {}, gamma_)
                       : causal_attention(heads, layout_, gamma_);
}

}  // namespace octet
